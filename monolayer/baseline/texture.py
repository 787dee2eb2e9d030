"""Foreground by local texture: cells are no brighter than their background, but they are less even."""

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)
from pydantic import Field, field_validator

from monolayer.parameters import Number, Settings

_BAND = 256  # rows


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
    return tidied(rough(image, settings), settings)


def rough(image: np.ndarray, settings: TextureSettings) -> np.ndarray:
    """Return which pixels' neighbourhoods are rough, bool [H, W]; parameters as of `texture_threshold`."""
    # Of uint8, whole numbers throughout: no machine rounds them differently. Band by band: sums of 64 bits
    # over a whole image would take many times its memory.
    least = float(settings.level) ** 2 * settings.window**4
    half = settings.window // 2
    rows = np.pad(np.arange(len(image)), half, mode="reflect")
    mask = np.empty(image.shape, bool)
    for first in range(0, len(image), _BAND):
        band = image[rows[first : first + _BAND + 2 * half]]
        band = np.pad(band, ((0, 0), (half, half)), mode="reflect")
        mask[first : first + _BAND] = _variance_inside(band, settings.window) >= least
    return mask


def tidied(mask: np.ndarray, settings: TextureSettings) -> np.ndarray:
    """Close the gaps of a mask, fill its holes and remove its small parts; bool [H, W] in and out."""
    # Each step's mask takes the place of the one before, of which a large image would have many.
    parts = _to_sitk(mask)
    del mask
    parts = sitk.BinaryMorphologicalClosing(parts, [settings.close_radius] * 2)
    parts ^= 1
    parts = _to_sitk(_without_small(parts, settings.fill_area))
    parts ^= 1
    parts = sitk.BinaryMorphologicalOpening(parts, [settings.open_radius] * 2)
    return _without_small(parts, settings.drop_area)


def _to_sitk(mask: np.ndarray) -> sitk.Image:
    return sitk.GetImageFromArray(mask.view(np.uint8))


def _without_small(mask: sitk.Image, area: int) -> np.ndarray:
    """Return a mask of 0 and 1 without its connected parts of fewer than `area` pixels, bool [H, W]."""
    connected = sitk.ConnectedComponentImageFilter()
    label_image = connected.Execute(mask)
    labels = sitk.GetArrayViewFromImage(label_image)
    # Band by band: NumPy makes 64-bit numbers of all that it counts or looks up at once.
    sizes = np.zeros(connected.GetObjectCount() + 1, np.int64)
    for band in _bands(labels):
        sizes += np.bincount(band.ravel(), minlength=len(sizes))
    large = sizes >= area
    large[0] = False  # the background
    kept = np.empty(labels.shape, bool)
    for part, band in zip(_bands(kept), _bands(labels), strict=True):
        part[:] = large[band]
    return kept


def _bands(array: np.ndarray) -> list[np.ndarray]:
    return np.array_split(array, range(_BAND, len(array), _BAND))


def scaled_variance(image: np.ndarray, window: int) -> np.ndarray:
    """Return the variance in a square around each pixel, times ``window ** 4``.

    Parameters
    ----------
    image
        uint8 or float32 [H, W], mirrored at its edges.
    window
        Side of the square in pixels; odd.

    Returns
    -------
    numpy.ndarray
        int64 [H, W], exact, of uint8; float64 of float32.

    Examples
    --------
    >>> image = np.zeros((3, 3), dtype=np.uint8)
    >>> image[1, 1] = 9
    >>> scaled_variance(image, window=3)[1, 1] / 3**4, image.var()
    (np.float64(8.0), np.float64(8.0))
    """
    return _variance_inside(np.pad(image, window // 2, mode="reflect"), window)


def _variance_inside(image: np.ndarray, window: int) -> np.ndarray:
    """Return the same of those pixels alone whose square lies within the image."""
    wide = image.astype(np.result_type(image, np.int64))
    return window**2 * _box_sum(wide**2, window) - _box_sum(wide, window) ** 2


def _box_sum(values: np.ndarray, window: int) -> np.ndarray:
    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    bands = total[window:] - total[:-window]
    return bands[:, window:] - bands[:, :-window]
