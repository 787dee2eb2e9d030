"""Cells of a foreground probability: touching cells are divided at gaps and waists by a watershed.

The chain of the classical U-Net + watershed pipelines: threshold, closing, removal of islands, filling of
holes, distance to the background, markers at the maxima that stand out, watershed (Vincent and Soille, IEEE
Trans Pattern Anal 13:583, 1991; h-maxima: Soille, Morphological Image Analysis, 2003).
"""

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)
from scipy import ndimage
from skimage.segmentation import find_boundaries, watershed

from monolayer.decoders.base.labels import closed, drop_small, fill_small, number_large
from monolayer.decoders.foreground.settings import Settings
from monolayer.predictions.cells import Cells, cells_of_labels

ROUNDING = 1e-4
"""Of distances in float32, in pixels."""


def decode(maps: np.ndarray, settings: Settings) -> Cells:
    """Find cells; a cell's score is the mean `certainty` of its pixels.

    Parameters
    ----------
    maps
        Probability of the foreground and, where the net tells them, of gaps between touching cells; float32
        [1, H, W] or [2, H, W] in [0, 1].
    settings
        Of the decoder.
    """
    probability, gap = maps[0], maps[1:].max(axis=0, initial=0)
    mask = closed(probability >= settings.threshold, settings.close_radius)
    mask = fill_small(drop_small(mask, settings.island_area), settings.hole_area)
    labels = number_large(divide(mask, mask & (gap < settings.gap), settings), settings.cell_area)
    return cells_of_labels(labels, certainty(probability, gap, labels))


def divide(mask: np.ndarray, middle: np.ndarray, settings: Settings) -> np.ndarray:
    """Divide a mask at its waists.

    Parameters
    ----------
    mask
        What belongs to cells, bool [H, W].
    middle
        That without the gaps between cells, bool [H, W]; the mask itself where no gaps are known. Its parts
        grow into the mask.
    settings
        Of the decoder.

    Returns
    -------
    numpy.ndarray
        Labels int32 [H, W]; 0 also where no part of the middle gets.

    Examples
    --------
    >>> two_squares = np.zeros((7, 15), dtype=bool)
    >>> two_squares[1:6, 1:6] = two_squares[1:6, 9:14] = two_squares[3, 6:9] = True
    >>> labels = divide(two_squares, two_squares, Settings(sigma=0, h=0.5))
    >>> labels[3].tolist()
    [0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0]
    """
    distance = ndimage.distance_transform_edt(middle).astype(np.float32)
    if settings.sigma:
        distance = ndimage.gaussian_filter(distance, settings.sigma)
    return watershed(-distance, hills(distance, settings.h), mask=mask)


def certainty(probability: np.ndarray, gap: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how sure the net is of each pixel: at a cell's border that it ends there, else that it does not.

    Cells that were not divided, or in the wrong place, are as probable as others, but not as certain.

    Parameters
    ----------
    probability, gap
        Of the foreground, and of a gap between cells, float32 [H, W] in [0, 1].
    labels
        [H, W], 0 = background. The image's edge is no border.

    Returns
    -------
    numpy.ndarray
        float32 [H, W]; of the background it says nothing.

    Examples
    --------
    >>> gap = np.array([[0, 0, 0.75, 0.5, 0, 0]])
    >>> certainty(np.ones((1, 6)), gap, np.array([[1, 1, 1, 2, 2, 2]]))
    array([[1.  , 1.  , 0.75, 0.5 , 1.  , 1.  ]])
    """
    border = find_boundaries(labels, connectivity=1, mode="thick")
    return np.where(border, np.maximum(gap, 1 - probability), probability * (1 - gap))


def hills(heights: np.ndarray, h: float) -> np.ndarray:
    """Label the tops of the hills that stand `h` above the saddle to a higher one; int32 [H, W].

    A top is what is higher than the hill would be if it was lowered by h; hills that are equally high and not
    `h` above the saddle between them share theirs.

    >>> hills(np.array([[0, 3, 2, 2.5, 0, 4, 3.5]], dtype=np.float32), h=1).tolist()
    [[0, 1, 0, 0, 0, 2, 2]]
    """
    lowered = sitk.GetArrayFromImage(sitk.HMaxima(sitk.GetImageFromArray(heights), h))
    above = heights - lowered
    tops, count = ndimage.label(above > 0)
    at = np.nonzero(tops)
    highest = np.full(count + 1, -np.inf)  # the background's stays so
    np.maximum.at(highest, tops[at], above[at])
    high = highest >= h - ROUNDING
    return (np.cumsum(high) * high)[tops]
