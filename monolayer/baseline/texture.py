"""Foreground by local texture: cells are no brighter than their background, but they are less even."""

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)
from pydantic import Field, field_validator

from monolayer.parameters import Number, Settings


class TextureSettings(Settings):
    """How rough a pixel's neighbourhood must be, and how the result is tidied; lengths in pixels."""

    window: int = Field(default=3, ge=3)
    """Side of the square in which the standard deviation is taken; odd."""
    level: Number = Field(default=2.0, gt=0)
    """Standard deviation, in grey levels of 0..255, from which a pixel is foreground."""
    close_radius: int = Field(default=2, ge=0)
    """Gaps narrower than this disc are closed."""
    fill_area: int = Field(default=400, ge=0)
    """Holes of less than this many pixels are filled: the even inside of a cell."""
    open_radius: int = Field(default=4, ge=0)
    """Parts narrower than this disc are removed: noise and the outermost halo."""
    drop_area: int = Field(default=200, ge=0)
    """Islands of less than this many pixels are removed: debris."""

    @field_validator("window")
    @classmethod
    def _has_a_centre(cls, window: int) -> int:
        if window % 2 == 0:
            raise ValueError("must be odd, so that it has a pixel in its middle")
        return window


def texture_threshold(image: np.ndarray, settings: TextureSettings) -> np.ndarray:
    """Call rough neighbourhoods foreground, then fill and tidy them.

    Parameters
    ----------
    image
        Grey levels of 0..255, uint8 or float32 [H, W].
    settings
        Window, level and the sizes of what is filled and removed.

    Returns
    -------
    numpy.ndarray
        bool [H, W].
    """
    # Whole numbers throughout: no machine rounds them differently.
    fine = np.rint(image * np.float32(_STEPS)).astype(np.int64)
    least = (_STEPS * float(settings.level)) ** 2 * settings.window**4
    rough = scaled_variance(fine, settings.window) >= least
    mask = sitk.GetImageFromArray(rough.astype(np.uint8))
    mask = sitk.BinaryMorphologicalClosing(mask, [settings.close_radius] * 2)
    mask = 1 - _drop_small(1 - mask, settings.fill_area)
    mask = sitk.BinaryMorphologicalOpening(mask, [settings.open_radius] * 2)
    return sitk.GetArrayFromImage(_drop_small(mask, settings.drop_area)).astype(bool)


_STEPS = 256
"""Steps of a grey level that are told apart: grey levels may be broken ones."""


def _drop_small(mask: sitk.Image, area: int) -> sitk.Image:
    """Remove the connected parts of fewer than `area` pixels, with all else as it is; 0 and 1 in and out."""
    return sitk.RelabelComponent(sitk.ConnectedComponent(mask), minimumObjectSize=area) > 0


def scaled_variance(image: np.ndarray, window: int) -> np.ndarray:
    """Return the variance in a square around each pixel, times ``window ** 4``.

    Parameters
    ----------
    image
        Whole numbers [H, W], mirrored at the edges.
    window
        Side of the square in pixels; odd.

    Returns
    -------
    numpy.ndarray
        int64 [H, W], exact.

    Examples
    --------
    >>> image = np.zeros((3, 3), dtype=np.uint8)
    >>> image[1, 1] = 9
    >>> scaled_variance(image, window=3)[1, 1] / 3**4, image.var()
    (np.float64(8.0), np.float64(8.0))
    """
    padded = np.pad(image.astype(np.int64), window // 2, mode="reflect")
    return window**2 * _box_sum(padded**2, window) - _box_sum(padded, window) ** 2


def _box_sum(values: np.ndarray, window: int) -> np.ndarray:
    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    bands = total[window:] - total[:-window]
    return bands[:, window:] - bands[:, :-window]
