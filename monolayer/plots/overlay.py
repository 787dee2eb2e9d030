"""Annotations and predictions laid over images."""

from typing import NamedTuple

import numpy as np

from monolayer.metrics.boundary import cell_outlines

ROWS = 256
"""Of an image that are stretched at a time: a large one would take tens of bytes a pixel."""


class OverlayColour(NamedTuple):
    """A colour laid over an image."""

    colour: tuple[int, int, int]
    """Red, green and blue, 0..255."""
    strength: float
    """0 leaves the image, 1 hides it."""

    @property
    def hex_code(self) -> str:
        """The colour as ``#rrggbb``."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)


AGREEMENT = {
    "found": OverlayColour((0, 158, 115), 0.35),
    "false": OverlayColour((255, 176, 0), 0.8),
    "missed": OverlayColour((220, 38, 127), 0.8),
}


def overlay_agreement(image: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Colour the pixels that were found (green), falsely found (yellow) and missed (magenta).

    Parameters
    ----------
    image
        uint8 [H, W].
    truth, prediction
        bool [H, W].

    Returns
    -------
    numpy.ndarray
        uint8 [H, W, 3]; true background keeps its grey level.
    """
    coloured = np.repeat(stretch_contrast(image)[..., None], 3, axis=2)
    regions = {"found": truth & prediction, "false": prediction & ~truth, "missed": truth & ~prediction}
    for name, region in regions.items():
        colour, strength = AGREEMENT[name]
        coloured[region] = np.rint((1 - strength) * coloured[region] + strength * np.array(colour))
    return coloured


def overlay_outlines(image: np.ndarray, outlines: dict[str, np.ndarray]) -> np.ndarray:
    """Draw outlines, bool [H, W] by a name of `AGREEMENT`, on a uint8 [H, W] image; uint8 [H, W, 3]."""
    coloured = np.repeat(stretch_contrast(image)[..., None], 3, axis=2)
    for name, outline in outlines.items():
        coloured[outline] = AGREEMENT[name].colour
    return coloured


def overlay_contours(image: np.ndarray, labels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Draw the outline of every cell of a label image [H, W] on a uint8 [H, W] image; uint8 [H, W, 3]."""
    coloured = np.repeat(stretch_contrast(image)[..., None], 3, axis=2)
    coloured[cell_outlines(labels)] = colour
    return coloured


def stretch_contrast(image: np.ndarray) -> np.ndarray:
    """Spread the grey levels between the 0.5 and 99.5 % quantiles over 0..255; uint8 in and out.

    Phase contrast is pale: half of LIVECell's grey levels are within ten of the mean.
    """
    low, high = np.percentile(image, [0.5, 99.5])
    stretched = np.empty(image.shape, dtype=np.uint8)
    for first in range(0, len(image), ROWS):
        rows = slice(first, first + ROWS)
        scaled = (image[rows].astype(np.float64) - low) * (255 / max(high - low, 1.0))
        stretched[rows] = np.rint(np.clip(scaled, 0, 255))
    return stretched


def shrink(image: np.ndarray, width: int) -> np.ndarray:
    """Average blocks of pixels of uint8 [H, W, 3] until the image is at most `width` pixels wide.

    >>> shrink(np.array([[[0, 0, 0], [4, 4, 4]], [[4, 4, 4], [8, 8, 8]]], dtype=np.uint8), width=1)
    array([[[4, 4, 4]]], dtype=uint8)
    """
    factor = -(-image.shape[1] // width)
    height, width = (size // factor for size in image.shape[:2])
    blocks = image[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
