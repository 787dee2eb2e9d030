"""Aggregated Jaccard index, AJI (Kumar et al., IEEE Trans Med Imaging 36:1550, 2017)."""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.matching import best_pairs


def aji_counts(overlap: InstanceOverlap) -> np.ndarray:
    """Return intersection and union, int64 [2], whose ratio is an image's AJI.

    Each true cell is paired with the prediction of the highest IoU, which several true cells may share; the
    first of equally high ones, but each of several cells of one outline its own. Cells without a partner add
    to the union.

    Examples
    --------
    >>> overlap = InstanceOverlap(
    ...     np.array([4, 2]), np.array([3, 5]), np.array([0]), np.array([0]), np.array([3])
    ... )
    >>> aji_counts(overlap).tolist()
    [3, 11]
    """
    best = best_pairs(overlap, np.arange(len(overlap.pixels)), overlap.iou)
    true, predicted = overlap.true[best], overlap.predicted[best]
    intersection = overlap.pixels[best].sum()
    union = (overlap.true_areas[true] + overlap.predicted_areas[predicted]).sum() - intersection
    unpaired = np.delete(overlap.true_areas, true).sum() + np.delete(overlap.predicted_areas, predicted).sum()
    return np.array([intersection, union + unpaired], dtype=np.int64)
