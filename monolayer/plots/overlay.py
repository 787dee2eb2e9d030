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


# Told apart from each other and from any grey by all kinds of colour vision: at least 25 in CIELAB, laid over
# grey at this strength too.
AGREEMENT = {
    "found": OverlayColour((75, 165, 255), 0.5),
    "false": OverlayColour((255, 180, 0), 0.8),
    "missed": OverlayColour((165, 15, 0), 0.8),
}


def overlay_agreement(image: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Colour the pixels that were found (blue), falsely found (yellow) and missed (dark red).

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


def overlay_outlines(image: np.ndarray, outlines: dict[str, np.ndarray], factor: int = 1) -> np.ndarray:
    """Draw outlines on an image, and make it smaller by an integer factor; the lines stay a pixel wide.

    Parameters
    ----------
    image
        uint8 [H, W].
    outlines
        bool [H, W] by a name of `AGREEMENT`; later ones are drawn over earlier ones.
    factor
        How many rows and columns become one.

    Returns
    -------
    numpy.ndarray
        uint8 [H // factor, W // factor, 3].
    """
    coloured = shrink(np.repeat(stretch_contrast(image)[..., None], 3, axis=2), factor)
    for name, outline in outlines.items():
        coloured[in_blocks(outline, factor).any(axis=(1, 3))] = AGREEMENT[name].colour
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


def shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """Average blocks of `factor` x `factor` pixels of uint8 [H, W, 3].

    >>> shrink(np.array([[[0, 0, 0], [4, 4, 4]], [[4, 4, 4], [8, 8, 8]]], dtype=np.uint8), factor=2)
    array([[[4, 4, 4]]], dtype=uint8)
    """
    return np.rint(in_blocks(image, factor).mean(axis=(1, 3))).astype(np.uint8)


def in_blocks(image: np.ndarray, factor: int) -> np.ndarray:
    """View an array [H, W, ...] as [H // factor, factor, W // factor, factor, ...]; the rest is left out."""
    height, width = (size // factor for size in image.shape[:2])
    return image[: height * factor, : width * factor].reshape(height, factor, width, factor, *image.shape[2:])
