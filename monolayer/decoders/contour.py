"""Cells of the classes background, cell and contour: insides are seeds that grow over their contours."""

import numpy as np
from pydantic import Field
from scipy import ndimage
from skimage.segmentation import watershed

from monolayer import parameters
from monolayer.decoders._labels import drop_small, fill_small, number_large
from monolayer.parameters import Number
from monolayer.prediction import Cells, cells_of_labels


class Settings(parameters.Settings):
    """From which probabilities on; areas in pixels."""

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Probability of cell or contour from which a pixel belongs to a cell."""
    inside: Number = Field(default=0.5, gt=0, lt=1)
    """Probability of cell from which a pixel is the inside of one."""
    seed_area: int = Field(default=10, ge=0)
    """Insides of fewer pixels are no seeds."""
    hole_area: int = Field(default=200, ge=0)
    """Holes of fewer pixels are filled."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""


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
