"""Pairs of images that may show overlapping parts of one field, such as tiles of a scan."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from monolayer.cleaning.comparable import Comparable
from monolayer.cleaning.local_features import SIGNS, Features

MOST_IMAGES = 20_000
"""Among more images no overlaps are looked for: the time grows with the square, and is minutes here."""

_DISTANCE = 12  # signs of 63 in which one feature may differ between two images
_NEAR = 4  # pixels by which the places of two common features may disagree
_ROWS = 8  # images that are compared with all before them at once


class Overlap(NamedTuple):
    """Two images that may overlap."""

    first: int
    second: int
    shift: tuple[int, int]
    """Rows and columns by which the second one lies from the first, in pixels, to about four of them."""


def find_overlaps(features: Sequence[Features], most: int, compared: Comparable) -> list[Overlap]:
    """Find for each image the earlier ones with which it shares two local features, equally shifted.

    Parameters
    ----------
    features
        Of N images.
    most
        Of an image, so many overlaps at most: the first ones.
    compared
        Which pairs are looked at.

    Returns
    -------
    list of Overlap
        With ``first < second``, in the order of the second; each pair once.
    """
    owner = np.repeat(np.arange(len(features)), [len(own.signs) for own in features])
    if not len(owner):
        return []
    signs = np.concatenate([own.signs for own in features]).astype(np.float32)
    places = np.concatenate([own.places for own in features])
    found: list[Overlap] = []
    for start in range(0, len(features), _ROWS):
        low, high = np.searchsorted(owner, [start, start + _ROWS])
        agreement = signs[low:high] @ signs[:high].T
        later, earlier = np.nonzero(agreement >= SIGNS - 2 * _DISTANCE)
        later += low
        kept = (owner[earlier] < owner[later]) & compared.pairs(owner[later], owner[earlier])
        later, earlier = later[kept], earlier[kept]
        table = np.column_stack([owner[later], owner[earlier], places[earlier] - places[later]])
        found += _agreeing(table, most)
    return found


def _agreeing(table: np.ndarray, most: int) -> Iterator[Overlap]:
    """Yield pairs of which two matches, rows of int64 [M, 4] (second, first, shift), nearly agree."""
    table = table[np.lexsort(table.T[::-1])]
    step = np.diff(table, axis=0)
    agree = (step[:, :2] == 0).all(axis=1) & (np.abs(step[:, 2:]) <= _NEAR).all(axis=1)
    rows = table[:-1][agree]
    _, unique = np.unique((rows[:, 0] << 32) + rows[:, 1], return_index=True)
    rows = rows[unique]
    rank = np.arange(len(rows)) - np.searchsorted(rows[:, 0], rows[:, 0])
    for second, first, down, right in rows[rank < most].tolist():
        yield Overlap(first, second, (down, right))
