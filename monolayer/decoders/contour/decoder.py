"""Cells of the classes background, cell and contour: insides are seeds that grow over their contours."""

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from monolayer.decoders.base.labels import drop_small, fill_small, number_large
from monolayer.decoders.contour.settings import Settings
from monolayer.predictions.cells import Cells, cells_of_labels


def decode(maps: np.ndarray, settings: Settings) -> Cells:
    """Find cells; a cell's score is its mean probability of cell or contour.

    Parameters
    ----------
    maps
        Probabilities of background, cell and contour, float32 [3, H, W].
    settings
        Of the decoder.
    """
    background, inside, _ = maps
    probability = 1 - background
    mask = fill_small(probability >= settings.threshold, settings.hole_area)
    seeds, _ = ndimage.label(drop_small(inside >= settings.inside, settings.seed_area))
    # Where contours are, the inside is improbable: cells meet there.
    labels = watershed(-inside, seeds, mask=mask)
    return cells_of_labels(number_large(labels, settings.cell_area), probability)
