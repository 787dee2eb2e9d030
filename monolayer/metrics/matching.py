"""One-to-one matching of true and predicted cells by their intersection over union."""

import numpy as np

from monolayer.metrics.instance_overlap import InstanceOverlap

LARGEST_MATRIX = 2**22
"""Elements up to which the gain of an image's pairs is a dense matrix, which is quicker for small ones."""


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
    # One more match outweighs all IoU together.
    gain = 1 + iou / (2 * max(len(iou), 1))
    trues, row = np.unique(true, return_inverse=True)
    found, column = np.unique(predicted, return_inverse=True)
    shape = len(trues), len(found)
    assign = _assign_dense if shape[0] * shape[1] <= LARGEST_MATRIX else _assign_sparse
    return assign(row, column, gain, shape)


def _assign_dense(
    row: np.ndarray, column: np.ndarray, gain: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    from scipy.optimize import linear_sum_assignment  # slow to import, for stages that only read scores

    gains = np.zeros(shape)
    gains[row, column] = gain
    index = np.full(shape, -1)
    index[row, column] = np.arange(len(gain))
    chosen = index[linear_sum_assignment(gains, maximize=True)]
    return chosen[chosen >= 0]


def _assign_sparse(
    row: np.ndarray, column: np.ndarray, gain: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, columns = shape
    every = np.arange(rows)
    # Each row may have a column of its own, instead of one of a pair: that costs 2, a pair 2 less its gain.
    costs = np.append(2 - gain, np.full(rows, 2.0))
    places = np.append(row, every), np.append(column, columns + every)
    matched = min_weight_full_bipartite_matching(
        coo_array((costs, places), shape=(rows, columns + rows)).tocsr()
    )[1]
    return np.flatnonzero(matched[row] == column)
