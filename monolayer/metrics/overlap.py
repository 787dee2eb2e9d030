"""Overlap of two foregrounds: Dice, IoU, precision and recall from one count of pixels.

Each score takes counts of any number of images at once, and sums of counts for scores pooled over images.
Where the truth and the prediction are both empty, every score is 1; where only one of them is, it is 0.
"""

import numpy as np


def confusion(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Count the pixels on which truth and prediction agree or differ.

    Parameters
    ----------
    truth, prediction
        bool [H, W].

    Returns
    -------
    numpy.ndarray
        int64 [4]: true positives, false positives, false negatives, true negatives.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 0, 0]], dtype=bool)
    >>> prediction = np.array([[0, 1, 1, 1, 0]], dtype=bool)
    >>> confusion(truth, prediction)
    array([1, 2, 1, 1])
    """
    true_positive = np.count_nonzero(truth & prediction)
    false_positive = np.count_nonzero(prediction) - true_positive
    false_negative = np.count_nonzero(truth) - true_positive
    true_negative = truth.size - true_positive - false_positive - false_negative
    return np.array([true_positive, false_positive, false_negative, true_negative], dtype=np.int64)


def dice(counts: np.ndarray) -> np.ndarray:
    """Return 2 TP / (2 TP + FP + FN), float64 [...] of counts [..., 4] (Dice, Ecology 26:297, 1945).

    >>> float(dice(np.array([1, 2, 1, 1])))
    0.4
    """
    true_positive, false_positive, false_negative = _columns(counts)
    return _ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative, counts)


def iou(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FP + FN), float64 [...] of counts [..., 4] (Jaccard, 1901).

    >>> float(iou(np.array([1, 2, 1, 1])))
    0.25
    """
    true_positive, false_positive, false_negative = _columns(counts)
    return _ratio(true_positive, true_positive + false_positive + false_negative, counts)


def precision(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FP), float64 [...] of counts [..., 4].

    >>> float(precision(np.array([1, 3, 1, 1])))
    0.25
    """
    true_positive, false_positive, _ = _columns(counts)
    return _ratio(true_positive, true_positive + false_positive, counts)


def recall(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FN), float64 [...] of counts [..., 4].

    >>> float(recall(np.array([1, 2, 1, 1])))
    0.5
    """
    true_positive, _, false_negative = _columns(counts)
    return _ratio(true_positive, true_positive + false_negative, counts)


def _columns(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return counts[..., 0], counts[..., 1], counts[..., 2]


def _ratio(numerator: np.ndarray, denominator: np.ndarray, counts: np.ndarray) -> np.ndarray:
    both_empty = counts[..., :3].sum(axis=-1) == 0
    # A zero denominator with something found or missed is a score of 0, as its numerator is.
    return np.where(both_empty, 1.0, numerator / np.maximum(denominator, 1))
