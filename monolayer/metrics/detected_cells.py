"""Precision, recall and F1 of cells, and the accuracies that are built of true and false positives.

Two cells are the same where they are matched at an IoU. With true positives TP, false positives FP and false
negatives FN, precision is TP / (TP + FP), recall TP / (TP + FN), F1 2 TP / (2 TP + FP + FN), and segmentation
accuracy TP / (TP + FP + FN).
"""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.matching import match

CURVE = np.arange(21) / 20
"""IoU from which cells are matched, 0 to 1."""
ACCURACY = np.arange(10, 20)
"""Those of `CURVE` from 0.5 to 0.95, over which segmentation accuracy is averaged."""
SIZES = {"small": 18.0**2, "medium": 31.0**2, "large": np.inf}
"""LIVECell's classes of cells, and the area in pixels up to which they go."""


def size_class(areas: np.ndarray) -> np.ndarray:
    """Return the index in `SIZES` of cells of these areas, in pixels; a limit belongs to the larger class.

    >>> size_class(np.array([323, 324, 961])).tolist()
    [0, 1, 2]
    """
    *limits, _ = SIZES.values()
    return np.searchsorted(limits, areas, side="right")


def by_size(classes: np.ndarray) -> np.ndarray:
    """Return how many are of each class of `SIZES`, int64 [3]."""
    return np.bincount(classes, minlength=len(SIZES))


def matched_by_size(
    overlap: InstanceOverlap, true_class: np.ndarray, predicted_class: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count the cells that are matched at each IoU of `CURVE`.

    Parameters
    ----------
    overlap
        Of one image.
    true_class, predicted_class
        `size_class` of each cell, int64 [T] and [P].

    Returns
    -------
    matched
        True positives by the size of the true cell, int64 [3, 21].
    false
        Predicted cells without a partner by their own size, int64 [3, 21].
    """
    pairs = [match(overlap, threshold) for threshold in CURVE]
    matched = np.stack([by_size(true_class[overlap.true[own]]) for own in pairs], axis=1)
    partnered = np.stack([by_size(predicted_class[overlap.predicted[own]]) for own in pairs], axis=1)
    return matched, by_size(predicted_class)[:, None] - partnered


def matched_strictly(overlap: InstanceOverlap) -> np.ndarray:
    """Count the cells that are matched above 0.5, 0.55, ... 0.95, where an IoU as high as that is too low.

    int64 [10]: what the Sartorius competition counts.
    """
    return np.array([len(match(overlap, threshold, strict=True)) for threshold in CURVE[ACCURACY]])
