"""One-to-one matching of true and predicted cells by their intersection over union."""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap


def match(overlap: InstanceOverlap, threshold: float, strict: bool = False) -> np.ndarray:
    """Match as many cells as possible; of all ways to do so, that with the highest sum of IoU.

    So do Cellpose and StarDist. From 0.5 on no cell has a choice where the cells of neither side overlap each
    other.

    Parameters
    ----------
    overlap
        Of one image.
    threshold
        IoU, in [0, 1], from which two cells that share a pixel may be matched.
    strict
        The IoU must exceed the threshold.

    Returns
    -------
    numpy.ndarray
        Indices of the matched pairs, int64 [M], ascending.

    Examples
    --------
    Two true cells of 4 pixels; the first prediction covers 3 of each, the second 1 of the first.

    >>> overlap = InstanceOverlap(
    ...     np.array([4, 4]), np.array([6, 1]), np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([3, 1, 3])
    ... )
    >>> match(overlap, 0.2).tolist()
    [1, 2]
    """
    iou = overlap.iou
    candidates = np.flatnonzero(iou > threshold if strict else iou >= threshold)
    true, predicted = overlap.true[candidates], overlap.predicted[candidates]
    rivals = np.bincount(true)[true] + np.bincount(predicted)[predicted] if len(candidates) else true
    chosen = _assign(true[rivals > 2], predicted[rivals > 2], iou[candidates][rivals > 2])
    return np.sort(np.concatenate([candidates[rivals == 2], candidates[rivals > 2][chosen]]))


def _assign(true: np.ndarray, predicted: np.ndarray, iou: np.ndarray) -> np.ndarray:
    """Choose among pairs that have rivals; indices int64 [M]."""
    from scipy.optimize import linear_sum_assignment  # slow to import, for stages that only read scores

    trues, row = np.unique(true, return_inverse=True)
    found, column = np.unique(predicted, return_inverse=True)
    gain = np.zeros((len(trues), len(found)))
    # One more match outweighs all IoU together.
    gain[row, column] = 1 + iou / (2 * max(len(iou), 1))
    index = np.full(gain.shape, -1)
    index[row, column] = np.arange(len(iou))
    chosen = index[linear_sum_assignment(gain, maximize=True)]
    return chosen[chosen >= 0]
