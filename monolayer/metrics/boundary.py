"""Boundary F: how much of the outlines of cells is where it should be, within a tolerance.

Csurka et al., BMVC 2013, with the outlines of cells for those of classes. Pixels at the image's edge are no
outline where the cell goes on beyond it.
"""

import numpy as np

from monolayer.annotations.rasterise import BAND, CellRuns, RunIndex


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
    """Return the outlines of all cells, wherever others cover them; bool [H, W].

    Those of cells that do not overlap are the `cell_outlines` of their label image.

    >>> outlines_of_runs(CellRuns(np.array([3]), np.array([12]), np.array([0])), 3, 4).astype(int)
    array([[0, 1, 0, 0],
           [0, 1, 0, 0],
           [0, 1, 0, 0]])
    """
    outlines = np.empty((height, width), dtype=bool)
    index = RunIndex(runs)
    columns = max(1, BAND // height)
    for first in range(0, width, columns):  # the runs of all would take several bytes a pixel
        last = min(first + columns, width)
        left, right = max(first - 1, 0), min(last + 1, width)  # with a column of both neighbours
        start, end, cell = index.between(left * height, right * height)
        own = CellRuns(start - left * height, end - left * height, cell)
        outlines[:, first:last] = _outlined(own, height, right - left)[:, first - left : last - left]
    return outlines


def _outlined(runs: CellRuns, height: int, width: int) -> np.ndarray:
    """Do as `outlines_of_runs`, at once: mark where a step up, down, left or right leads out of a cell."""
    apart = height * (width + 2)  # so that a cell that is moved by a column meets no other
    start, end = (np.sort(own + runs.cell * apart) for own in (runs.start, runs.end))
    up, down, left, right = (_leaving(start, end, step) % apart for step in (-1, 1, -height, height))
    up, down = up[:, up[0] % height > 0], down[:, down[1] % height > 0]  # not at the image's edge
    left, right = np.maximum(left, height), np.minimum(right, height * (width - 1))
    first, last = np.concatenate([up, down, left, right], axis=1)
    outlines = np.zeros(height * width, dtype=bool)
    outlines[CellRuns(first, last, np.zeros_like(first)).pixels()[0]] = True
    return outlines.reshape(width, height).T


def _leaving(start: np.ndarray, end: np.ndarray, step: int) -> np.ndarray:
    """Return the parts of runs from which a step leads out of them: first positions and ends, int64 [2, K].

    >>> _leaving(np.array([2, 9]), np.array([6, 10]), 3).tolist()
    [[3, 9], [6, 10]]
    """
    gap_start, gap_end = (
        np.append(np.iinfo(np.int64).min, end - step),
        np.append(start - step, np.iinfo(np.int64).max),
    )
    low, high = np.searchsorted(gap_end, start, side="right"), np.searchsorted(gap_start, end)
    counts = high - low
    owner = np.repeat(np.arange(len(start)), counts)
    gap = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - low, counts)
    return np.stack([np.maximum(start[owner], gap_start[gap]), np.minimum(end[owner], gap_end[gap])])


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
