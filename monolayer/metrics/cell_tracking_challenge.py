"""SEG and DET of the Cell Tracking Challenge.

A true cell is found where one predicted cell covers more than half of it: no other can then cover as much,
unless predictions overlap each other; then the one that covers most counts, and of those that cover as much,
the one of the highest IoU. So a prediction that equals the truth is perfect, however its cells overlap.

SEG: Maška et al., Bioinformatics 30:1609 (2014). DET: Matula et al., PLoS ONE 10:e0144959 (2015), as on
http://celltrackingchallenge.net/evaluation-methodology.
"""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.matching import best_pairs

SPLIT_COST, MISSED_COST, FALSE_COST = 5, 10, 1
"""Weights of the operations that would mend a detection."""


def seg_counts(overlap: InstanceOverlap) -> np.ndarray:
    """Return the sum of the IoU of the cells found, and the number of true cells; float64 [2].

    SEG is the ratio of their sums over all images.

    >>> zero = np.array([0])
    >>> overlap = InstanceOverlap(np.array([4, 4]), np.array([3]), zero, zero, np.array([3]))
    >>> seg_counts(overlap).tolist()
    [0.75, 2.0]
    """
    return np.array([overlap.iou[_found(overlap)].sum(), len(overlap.true_areas)], dtype=np.float64)


def det_counts(overlap: InstanceOverlap) -> np.ndarray:
    """Return splits, missed cells, false cells and true cells, int64 [4].

    A predicted cell that covers several true ones has to be split, once less than it covers.

    >>> overlap = InstanceOverlap(
    ...     np.array([4, 4, 9]), np.array([8, 2]), np.array([0, 1]), np.array([0, 0]), np.array([4, 4])
    ... )
    >>> det_counts(overlap).tolist()
    [1, 1, 1, 3]
    """
    found = _found(overlap)
    covered = np.bincount(overlap.predicted[found], minlength=len(overlap.predicted_areas))
    true = len(overlap.true_areas)
    counts = (np.maximum(covered - 1, 0).sum(), true - len(found), np.count_nonzero(covered == 0), true)
    return np.array(counts, dtype=np.int64)


def det(counts: np.ndarray) -> np.ndarray:
    """Return DET = 1 - min(cost, cost of no detection) / cost of no detection, of summed counts [..., 4].

    1 where there was nothing to find and nothing was found, 0 where something was found all the same.

    >>> float(det(np.array([1, 1, 1, 3])))
    0.4666666666666667
    """
    splits, missed, false, true = np.moveaxis(counts, -1, 0)
    cost = SPLIT_COST * splits + MISSED_COST * missed + FALSE_COST * false
    worst = MISSED_COST * true
    return np.where(
        worst > 0, 1 - np.minimum(cost, worst) / np.maximum(worst, 1), np.where(cost > 0, 0.0, 1.0)
    )


def _found(overlap: InstanceOverlap) -> np.ndarray:
    """Return the pair of each true cell that is found, int64 [M]."""
    covering = np.flatnonzero(2 * overlap.pixels > overlap.true_areas[overlap.true])
    return best_pairs(overlap, covering, overlap.pixels, overlap.iou)
