"""Which true and which predicted cells belong together: one to one, or to each true cell its best."""

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


def best_pairs(overlap: InstanceOverlap, candidates: np.ndarray, *preferences: np.ndarray) -> np.ndarray:
    """Return the best pair of each true cell that has one; several may share a predicted cell.

    But cells of one outline, of which there are as many on both sides, have one each.

    Parameters
    ----------
    overlap
        Of one image.
    candidates
        Indices of the pairs to choose from, int64 [C]: those of an IoU of 1 are among them.
    preferences
        What is to be highest, number [K] each; of equal ones the next decides, at last the predicted cell's
        number.

    Returns
    -------
    numpy.ndarray
        Indices of the pairs, int64 [M], in the order of the true cells.

    Examples
    --------
    The second prediction covers all of both true cells, the first is the first one's outline.

    >>> overlap = InstanceOverlap(
    ...     np.array([4, 4]), np.array([4, 9]), np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([4, 4, 4])
    ... )
    >>> best_pairs(overlap, np.arange(3), overlap.pixels, overlap.iou).tolist()
    [0, 2]
    """
    keys = [-preference[candidates] for preference in reversed(preferences)]
    order = candidates[np.lexsort((overlap.predicted[candidates], *keys, overlap.true[candidates]))]
    best = order[np.flatnonzero(np.diff(overlap.true[order], prepend=-1))]
    same = match(overlap, 1.0)
    best[np.searchsorted(overlap.true[best], overlap.true[same])] = same
    return best


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
