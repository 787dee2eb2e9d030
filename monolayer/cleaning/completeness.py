"""Is everything annotated that looks like a cell?"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from monolayer.cleaning.texture import block_mean

_HALO = 2  # blocks around a cell that its rim reaches into, through the window of the local variance
_SPECK = 4  # blocks: what a square of this side does not fit into is debris or a seam, not a cell
_CONTRAST = 4.0  # a cell's standard deviation is at most taken to be this multiple of the quiet quarter's


class Coverage(NamedTuple):
    """How much of an image is annotated, and how much more looks as if it should be."""

    annotated: float
    """Fraction of the image inside annotations."""
    missed: float
    """Fraction of the image that has the texture of cells, away from every annotation."""


def annotation_coverage(variance: np.ndarray, annotated: np.ndarray) -> Coverage:
    """Compare the area that has a cell's texture with the annotated area.

    What a cell's texture is, the image's own annotated cells say: nine tenths of their area have it.
    One bright, round cell would set this too high, so it is bounded by a multiple of the background's,
    for which the quiet quarter of the image stands.

    Parameters
    ----------
    variance
        float64 [H // 4, W // 4]: `monolayer.cleaning.texture.local_variance`.
    annotated
        bool [H, W]: pixels inside annotations, at least one.
    """
    fraction = block_mean(annotated)
    inside = fraction >= min(0.5, fraction.max())
    level = min(np.quantile(variance[inside], 0.1), _CONTRAST**2 * np.quantile(variance, 0.25))
    elsewhere = ndimage.maximum_filter(fraction, 2 * _HALO + 1) == 0
    missed = ndimage.grey_opening((elsewhere & (variance >= level)).astype(np.uint8), _SPECK)
    return Coverage(float(fraction.mean()), float(missed.mean()))
