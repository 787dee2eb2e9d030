"""Label images that are none: foreground masks, classes, images that were resampled or compressed."""

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected_parts

_SPECK = 2  # pixels: no cell is as small, but what interpolation leaves on the rim of one is
_MANY = 50  # specks that are more than a few strokes of a brush gone wrong


def is_foreground_mask(labels: np.ndarray) -> bool:
    """Say whether a label image has one label alone, which is 255, a truth value, or of separate parts.

    Parameters
    ----------
    labels
        Integers or bool [H, W], 0 = background.

    Examples
    --------
    >>> is_foreground_mask(np.array([[1, 0, 1]])), is_foreground_mask(np.array([[1, 0, 2]]))
    (True, False)
    """
    label = labels.max()
    if not label or ((labels != 0) & (labels != label)).any():
        return False
    return labels.dtype == bool or int(label) == 255 or int(_parts(labels > 0).max()) > 1


def parts_as_labels(labels: np.ndarray) -> np.ndarray:
    """Number the parts of the foreground that touch by sides or corners, int [H, W], from 1 on."""
    return _parts(labels > 0)


def doubt(labels: np.ndarray) -> str:
    """Say in a few words what speaks against these being the labels of cells; "" where nothing does.

    Parameters
    ----------
    labels
        Integers [H, W], 0 = background.

    Examples
    --------
    >>> doubt(np.array([[5, 5, 0, 0, 0, 0, 0, 0, 5, 5]]))
    'label 5 lies in parts that are far from each other, as 1 of 1 labels do'
    """
    numbers, ranks = np.unique(labels, return_inverse=True)
    ranks = ranks.reshape(labels.shape) + (numbers[0] != 0)
    areas = np.bincount(ranks.ravel())[1:]
    if numbers[0] and len(areas) > 1 and 2 * areas.max() > labels.size:
        label = numbers[areas.argmax()]
        return (
            f"no pixel is 0, and label {label} covers most of them: is it the background, which has to be 0?"
        )
    parts = _parts(ranks)
    sizes = np.bincount(parts.ravel())[1:]
    specks = np.count_nonzero(sizes <= _SPECK)
    if specks > _MANY and 2 * specks > len(sizes):
        return f"{specks} of {len(sizes)} parts have {_SPECK} pixels or fewer, as after resampling"
    scattered = _scattered(ranks, areas, parts, sizes)
    if not len(scattered):
        return ""
    first = numbers[numbers > 0][scattered[0]]
    return (
        f"label {first} lies in parts that are far from each other, as {len(scattered)} of {len(areas)} "
        "labels do"
    )


def _parts(labels: np.ndarray) -> np.ndarray:
    return connected_parts(labels, connectivity=2)


def _scattered(ranks: np.ndarray, areas: np.ndarray, parts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the labels, from 0 on, whose two largest parts are further apart than a disc of it is wide."""
    numbers, first = np.unique(parts, return_index=True)
    label_of = ranks.ravel()[first[numbers > 0]] - 1
    order = np.lexsort((-sizes, label_of))
    begins = np.diff(label_of[order], prepend=-1, append=-1) != 0
    largest = np.flatnonzero(begins[:-1] & ~begins[1:])
    boxes = ndimage.find_objects(parts)
    gaps = np.array([_gap(boxes[order[place]], boxes[order[place + 1]]) for place in largest])
    labels = label_of[order[largest]]
    return labels[gaps > 2 * np.sqrt(areas[labels] / np.pi)] if len(labels) else labels


def _gap(first: tuple[slice, slice], second: tuple[slice, slice]) -> int:
    """Return how many rows or columns lie between two boxes, 0 where they overlap in both."""
    return max(max(a.start - b.stop, b.start - a.stop, 0) for a, b in zip(first, second, strict=True))
