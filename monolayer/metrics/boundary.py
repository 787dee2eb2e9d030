"""Boundary F: how much of the outlines of cells is where it should be, within a tolerance.

Csurka et al., BMVC 2013, with the outlines of cells for those of classes. Pixels at the image's edge are no
outline where the cell goes on beyond it.
"""

import numpy as np

from monolayer.annotations.rasterise import BAND, CellRuns, RunIndex, painted


def boundary_counts(truth: np.ndarray, prediction: np.ndarray, tolerance: int) -> np.ndarray:
    """Count the outlines' pixels, and those that are near the other side's outlines.

    Parameters
    ----------
    truth, prediction
        Outlines, bool [H, W].
    tolerance
        Distance in pixels up to which two pixels are near.

    Returns
    -------
    numpy.ndarray
        int64 [4]: predicted near true ones, predicted, true near predicted ones, true.

    Examples
    --------
    >>> truth = np.array([[1, 0, 0, 0, 1, 0]], dtype=bool)
    >>> prediction = np.array([[0, 1, 0, 0, 0, 0]], dtype=bool)
    >>> boundary_counts(truth, prediction, tolerance=1)
    array([1, 1, 1, 2])
    """
    return np.array(
        [
            np.count_nonzero(prediction & dilate(truth, tolerance)),
            np.count_nonzero(prediction),
            np.count_nonzero(truth & dilate(prediction, tolerance)),
            np.count_nonzero(truth),
        ],
        dtype=np.int64,
    )


def cell_outlines(labels: np.ndarray) -> np.ndarray:
    """Return the pixels of cells that touch another label below, above, left or right of them; bool [H, W].

    >>> labels = np.array([[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]])
    >>> cell_outlines(labels).astype(int)
    array([[0, 1, 0, 0],
           [0, 1, 0, 0],
           [0, 1, 0, 0]])
    """
    outlines = np.zeros(labels.shape, dtype=bool)
    down = labels[1:] != labels[:-1]
    outlines[1:] |= down
    outlines[:-1] |= down
    del down  # a byte a pixel
    right = labels[:, 1:] != labels[:, :-1]
    outlines[:, 1:] |= right
    outlines[:, :-1] |= right
    del right
    return np.logical_and(outlines, labels > 0, out=outlines)


def outlines_of_runs(runs: CellRuns, height: int, width: int) -> np.ndarray:
    """Return the `cell_outlines` of runs, of which later ones go over earlier ones; bool [H, W].

    Strip by strip, as a label image of all would take four bytes a pixel.

    >>> outlines_of_runs(CellRuns(np.array([3]), np.array([12]), np.array([0])), 3, 4).astype(int)
    array([[0, 1, 0, 0],
           [0, 1, 0, 0],
           [0, 1, 0, 0]])
    """
    outlines = np.empty((height, width), dtype=bool)
    index = RunIndex(runs)
    columns = max(1, BAND // height)
    for first in range(0, width, columns):
        last = min(first + columns, width)
        left, right = max(first - 1, 0), min(last + 1, width)  # with a column of both neighbours
        start, end, cell = index.between(left * height, right * height)
        own = CellRuns(start - left * height, end - left * height, cell)
        strip = cell_outlines(painted(own, height, right - left))
        outlines[:, first:last] = strip[:, first - left : last - left]
    return outlines


def dilate(mask: np.ndarray, radius: int) -> np.ndarray:
    """Grow bool [H, W] by a disc of so many pixels."""
    height, width = mask.shape
    padded = np.pad(mask, radius)
    grown = np.zeros_like(mask)
    for row in range(-radius, radius + 1):
        for column in range(-radius, radius + 1):
            if row**2 + column**2 <= radius**2:
                top, left = radius + row, radius + column
                grown |= padded[top : top + height, left : left + width]
    return grown


def boundary_f(counts: np.ndarray) -> np.ndarray:
    """Return the harmonic mean of precision and recall, float64 [...] of counts [..., 4].

    1 where there are no outlines at all, 0 where only one side has some.

    >>> float(boundary_f(np.array([1, 1, 1, 2])))
    0.6666666666666666
    """
    near_true, predicted, near_predicted, true = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    precision, recall = near_true / np.maximum(predicted, 1), near_predicted / np.maximum(true, 1)
    total = precision + recall
    both = 2 * precision * recall / np.where(total > 0, total, 1)
    return np.where(predicted + true > 0, both, 1.0)
