"""Panoptic quality (Kirillov et al., CVPR 2019): how many cells are found, times how well they are drawn."""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.matching import match


def panoptic_counts(overlap: InstanceOverlap) -> np.ndarray:
    """Return the sum of the IoU of the pairs above 0.5, their number, and that of all cells of both sides.

    float64 [3]; from sums of these, SQ is the first over the second, DQ (or RQ) twice the second over the
    third, PQ twice the first over the third.

    Examples
    --------
    >>> zero = np.array([0])
    >>> overlap = InstanceOverlap(np.array([4, 4]), np.array([3]), zero, zero, np.array([3]))
    >>> panoptic_counts(overlap).tolist()
    [0.75, 1.0, 3.0]
    """
    matched = match(overlap, 0.5, strict=True)
    cells = len(overlap.true_areas) + len(overlap.predicted_areas)
    return np.array([overlap.iou[matched].sum(), len(matched), cells], dtype=np.float64)
