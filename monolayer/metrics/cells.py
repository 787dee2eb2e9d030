"""All scores of a set of images' cells but those that rank them (AP), by the names that every file uses.

docs/metrics.md has the formulas and their sources. A score of nothing against nothing is 1, and of nothing
against something, or something against nothing, 0.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from monolayer.metrics.aggregated_jaccard import aji_counts
from monolayer.metrics.boundary import boundary_f
from monolayer.metrics.cell_tracking_challenge import (
    FALSE_COST,
    MISSED_COST,
    SPLIT_COST,
    det_counts,
    seg_counts,
)
from monolayer.metrics.detected_cells import ACCURACY, CURVE, by_size, matched_by_size, matched_strictly
from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.panoptic import panoptic_counts
from monolayer.metrics.ratio import Ratio

NAMED_IOU = {"25": 5, "50": 10, "75": 15}
"""How scores at an IoU are named, and its index in `CURVE`."""


class CellCounts(NamedTuple):
    """What the scores of one image's cells are made of; of N images, each field has a first axis of N."""

    true: np.ndarray
    """True cells by size, int64 [3]."""
    predicted: np.ndarray
    """Predicted cells by size, int64 [3]."""
    matched: np.ndarray
    """True positives by size of the true cell and IoU, int64 [3, 21]."""
    false: np.ndarray
    """False positives by their size and IoU, int64 [3, 21]."""
    matched_strictly: np.ndarray
    """True positives above an IoU, int64 [10]."""
    panoptic: np.ndarray
    """float64 [3], see `panoptic_counts`."""
    aji: np.ndarray
    """int64 [2], see `aji_counts`."""
    seg: np.ndarray
    """float64 [2], see `seg_counts`."""
    det: np.ndarray
    """int64 [4], see `det_counts`."""
    boundary: np.ndarray
    """int64 [4], see `boundary_counts`."""

    def select(self, chosen: np.ndarray) -> "CellCounts":
        """Return the images that a boolean or index array chooses."""
        return CellCounts(*(field[chosen] for field in self))


def count_cells(
    overlap: InstanceOverlap, true_class: np.ndarray, predicted_class: np.ndarray, boundary: np.ndarray
) -> CellCounts:
    """Count one image's cells.

    Parameters
    ----------
    overlap
        Of the image.
    true_class, predicted_class
        `size_class` of each cell, int64 [T] and [P].
    boundary
        As `boundary_counts` returns it.
    """
    matched, false = matched_by_size(overlap, true_class, predicted_class)
    return CellCounts(
        true=by_size(true_class),
        predicted=by_size(predicted_class),
        matched=matched,
        false=false,
        matched_strictly=matched_strictly(overlap),
        panoptic=panoptic_counts(overlap),
        aji=aji_counts(overlap),
        seg=seg_counts(overlap),
        det=det_counts(overlap),
        boundary=boundary,
    )


def stack_images(counts: Iterable[CellCounts]) -> CellCounts:
    """Put the counts of images behind each other."""
    return CellCounts(*(np.stack(fields) for fields in zip(*counts, strict=True)))


def cell_ratios(counts: CellCounts) -> dict[str, Ratio]:
    """Return every score of N images by its name."""
    true, predicted = counts.true.sum(axis=1), counts.predicted.sum(axis=1)
    matched, false = counts.matched.sum(axis=1), counts.false.sum(axis=1)
    cells, every = true + predicted, np.ones(len(true))
    strict = counts.matched_strictly
    either = cells[:, None] - strict
    good, matches, _ = counts.panoptic.T
    splits, missed, idle, _ = counts.det.T
    cost = SPLIT_COST * splits + MISSED_COST * missed + FALSE_COST * idle
    joint, union = counts.aji.T
    error = np.abs(predicted - true)
    one_sided = (true == 0) != (predicted == 0)  # a cell that fills the image has no outline
    return {
        **_detections(matched, false, true, every),
        "sartorius": Ratio(_fraction(strict, either).mean(axis=1), every, cells),
        "sartorius_pooled": Ratio(strict, either, cells),
        "pq": Ratio(2 * good, cells, cells),
        "sq": Ratio(good, matches, cells),
        "dq": Ratio(2 * matches, cells, cells),
        "aji": Ratio(_fraction(joint, union), every, cells),
        "seg": Ratio(counts.seg[:, 0], counts.seg[:, 1], cells),
        "det": Ratio(MISSED_COST * true - cost, MISSED_COST * true, cells, least=0.0),
        "boundary_f": Ratio(np.where(one_sided, 0, boundary_f(counts.boundary)), every, cells),
        "count_mae": Ratio(error, every, cells, nothing=0.0),
        "count_bias": Ratio(predicted - true, every, cells, nothing=0.0),
        "count_relative_error": Ratio(error, true, cells, nothing=0.0, undefined=1.0),
    }


def ratios_of_size(counts: CellCounts, size: int) -> dict[str, Ratio]:
    """Return the scores of one class of `SIZES`: true cells of that size, and false ones of that size.

    Means are over the images that have any.
    """
    matched, false, true = counts.matched[:, size], counts.false[:, size], counts.true[:, size]
    has_any = true + false[:, 0] + matched[:, 0] > 0
    return _detections(matched, false, true, has_any.astype(np.float64))


def accuracy_curves(counts: CellCounts) -> dict[str, np.ndarray]:
    """Return precision, recall and segmentation accuracy of all images as one at each IoU of `CURVE`."""
    matched, false = counts.matched.sum(axis=(0, 1)), counts.false.sum(axis=(0, 1))
    true = counts.true.sum()
    return {
        "iou": CURVE,
        "precision": _fraction(matched, matched + false),
        "recall": _fraction(matched, np.full(len(CURVE), true)),
        "accuracy": _fraction(matched, true + false),
    }


def _detections(
    matched: np.ndarray, false: np.ndarray, true: np.ndarray, averaged: np.ndarray
) -> dict[str, Ratio]:
    """Return the scores at IoU 0.25, 0.5 and 0.75, and mean segmentation accuracy, of [N, 21] and [N]."""
    found = matched + false
    ratios = {}
    for name, index in NAMED_IOU.items():
        agreed, cells = matched[:, index], true + found[:, index]
        ratios[f"precision_{name}"] = Ratio(agreed, found[:, index], cells)
        ratios[f"recall_{name}"] = Ratio(agreed, true, cells)
        ratios[f"f1_{name}"] = Ratio(2 * agreed, cells, cells)
    accuracy = _fraction(matched, true[:, None] + false)
    ratios["sa_50"] = Ratio(accuracy[:, 10] * averaged, averaged, true + found[:, 10])
    ratios["msa"] = Ratio(accuracy[:, ACCURACY].mean(axis=1) * averaged, averaged, true + found[:, 10])
    return ratios


def _fraction(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, 1 where both are 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)


_SHAPES = ((3,), (3,), (3, len(CURVE)), (3, len(CURVE)), (10,), (3,), (2,), (2,), (4,), (4,))
SCORES = tuple(cell_ratios(CellCounts(*(np.zeros((0, *shape)) for shape in _SHAPES))))
"""Names of what `cell_ratios` returns."""
