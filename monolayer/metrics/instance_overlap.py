"""Which true and predicted cells of an image share how many pixels: what every instance score reads."""

from typing import NamedTuple

import numpy as np

from monolayer.annotations.rasterise import CellRuns
from monolayer.errors import InputError


class InstanceOverlap(NamedTuple):
    """T true and P predicted cells of one image, and their K pairs that share pixels."""

    true_areas: np.ndarray
    """Pixels of each true cell, int64 [T]."""
    predicted_areas: np.ndarray
    """Pixels of each predicted cell, int64 [P]."""
    true: np.ndarray
    """Index of each pair's true cell, int64 [K]; ascending."""
    predicted: np.ndarray
    """Index of each pair's predicted cell, int64 [K]; ascending for each true cell."""
    pixels: np.ndarray
    """Pixels that each pair shares, int64 [K], 1 or more."""

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union of each pair, float64 [K]."""
        return self.pixels / (self.true_areas[self.true] + self.predicted_areas[self.predicted] - self.pixels)


def label_overlap(truth: np.ndarray, prediction: np.ndarray) -> InstanceOverlap:
    """Count the pixels that each pair of cells of two label images shares.

    Parameters
    ----------
    truth, prediction
        Integers [H, W]; 0 is background, and cell k has the label k + 1.

    Raises
    ------
    InputError
        The images differ in size.

    Examples
    --------
    >>> overlap = label_overlap(np.array([[1, 1, 0, 3]]), np.array([[1, 2, 2, 2]]))
    >>> overlap.true_areas.tolist(), overlap.predicted_areas.tolist()
    ([2, 0, 1], [1, 3])
    >>> overlap.true.tolist(), overlap.predicted.tolist(), overlap.pixels.tolist()
    ([0, 0, 2], [0, 1, 1], [1, 1, 1])
    """
    if truth.shape != prediction.shape:
        raise InputError(f"label images of {truth.shape} and {prediction.shape}: they must be of one size")
    cells, found = int(truth.max(initial=0)), int(prediction.max(initial=0))
    kind = np.min_scalar_type(-(cells + 1) * (found + 1))
    labels = truth.ravel().astype(kind) * (found + 1) + prediction.ravel().astype(kind)
    # Where a pair begins along the rows: far fewer places than pixels.
    first = np.append(0, np.flatnonzero(labels[1:] != labels[:-1]) + 1)[: labels.size]
    pair, place = np.unique(labels[first].astype(np.int64), return_inverse=True)
    pixels = np.bincount(place, np.diff(first, append=labels.size), minlength=len(pair)).astype(np.int64)
    true, predicted = np.divmod(pair, found + 1)
    areas, found_areas = (
        np.bincount(own, pixels, minlength=count + 1)[1:].astype(np.int64)
        for own, count in ((true, cells), (predicted, found))
    )
    both = (true > 0) & (predicted > 0)
    return InstanceOverlap(areas, found_areas, true[both] - 1, predicted[both] - 1, pixels[both])


def instance_overlap(truth: CellRuns, cells: int, prediction: CellRuns, found: int) -> InstanceOverlap:
    """Count the pixels that each pair of cells shares. Cells of either side may overlap each other.

    Parameters
    ----------
    truth, prediction
        Pixels of the cells, of images of one size; the runs of a cell do not overlap.
    cells, found
        Number of true and of predicted cells, T and P; those without runs are empty.

    Examples
    --------
    >>> truth = CellRuns(np.array([0, 10]), np.array([4, 12]), np.array([0, 1]))
    >>> prediction = CellRuns(np.array([2]), np.array([11]), np.array([0]))
    >>> overlap = instance_overlap(truth, 2, prediction, 1)
    >>> overlap.true.tolist(), overlap.predicted.tolist(), overlap.pixels.tolist()
    ([0, 1], [0, 0], [2, 1])
    >>> overlap.iou.tolist()
    [0.18181818181818182, 0.1]
    """
    first, second = _overlapping(truth, prediction)
    shared = np.minimum(truth.end[first], prediction.end[second]) - np.maximum(
        truth.start[first], prediction.start[second]
    )
    pair, place = np.unique(truth.cell[first] * max(found, 1) + prediction.cell[second], return_inverse=True)
    pixels = np.bincount(place, shared, minlength=len(pair)).astype(np.int64)
    true, predicted = np.divmod(pair, max(found, 1))
    return InstanceOverlap(truth.areas(cells), prediction.areas(found), true, predicted, pixels)


def _overlapping(left: CellRuns, right: CellRuns) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of all pairs of runs that overlap, int64 [K] each.

    Of two such runs, either the right one begins within the left one, or the left one after the right one's
    beginning and before its end.
    """
    left_first, right_second = _beginning_within(left.start, left.end, right.start)
    right_first, left_second = _beginning_within(right.start + 1, right.end, left.start)
    return np.concatenate([left_first, left_second]), np.concatenate([right_second, right_first])


def _beginning_within(
    first: np.ndarray, end: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each range ``first`` to ``end`` with each of `starts` in it, by their indices."""
    order = np.argsort(starts, kind="stable")
    ordered = starts[order]
    low, high = np.searchsorted(ordered, first), np.searchsorted(ordered, end)
    counts = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(first)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - low, counts)
    return owner, order[place]
