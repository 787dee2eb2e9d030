"""Pairs of images whose perceptual hashes are alike, in any orientation."""

from typing import NamedTuple

import numpy as np

from monolayer.cleaning.comparable import Comparable
from monolayer.cleaning.fingerprint import BITS, ORIENTATIONS, Orientation, orient_fingerprints

_ROWS = 128  # images that are compared with all before them at once: 51 MB of numbers for 100,000 images
_POSITIONS = 1 << 21  # more images than there are


class Candidate(NamedTuple):
    """Two images whose fingerprints are alike once the second is turned."""

    first: int
    second: int
    orientation: Orientation


def find_candidates(signs: np.ndarray, max_distance: int, most: int, compared: Comparable) -> list[Candidate]:
    """Find for each image the earlier ones whose fingerprints differ in the fewest bits.

    Parameters
    ----------
    signs
        int8 [N, 16, 16].
    max_distance
        Most bits that may differ.
    most
        Of an image, so many candidates at most: those that differ least, and of equals the earliest.
    compared
        Which pairs are looked at.

    Returns
    -------
    list of Candidate
        With ``first < second``, in the order of the second; each pair once, in its best orientation.
    """
    turned = [orient_fingerprints(signs, orientation) for orientation in ORIENTATIONS]
    columns = [signs.reshape(-1, BITS).astype(np.float32) for signs in turned]
    found: list[Candidate] = []
    for start in range(0, len(signs), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(signs)))
        # Row by row the orientation is that of the second image, so it is the rows that are turned.
        agreement, best = _agreement([turned[rows] for turned in columns], columns[0][: rows[-1] + 1])
        earlier = np.arange(rows[-1] + 1)
        allowed = (earlier < rows[:, None]) & compared.pairs(rows[:, None], earlier)
        allowed &= agreement >= BITS - 2 * max_distance
        for row, column in zip(*_strongest(agreement, allowed, most), strict=True):
            orientation = ORIENTATIONS[best[row, column]]
            found.append(Candidate(int(column), int(rows[row]), orientation))
    return found


def best_orientation(first: np.ndarray, second: np.ndarray) -> tuple[int, Orientation]:
    """Return in how many bits two fingerprints, int8 [16, 16], differ, and how the second is then turned."""
    agreement, best = _agreement(
        [
            orient_fingerprints(second[None], orientation).reshape(1, BITS).astype(np.float32)
            for orientation in ORIENTATIONS
        ],
        first.reshape(1, BITS).astype(np.float32),
    )
    return int(BITS - agreement[0, 0]) // 2, ORIENTATIONS[best[0, 0]]


def _agreement(turned: list[np.ndarray], others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return equal minus different bits, int32 [R, C], in the best orientation, and which, int8 [R, C]."""
    # Sums of +-1 below 2**24 are exact in float32, in any order.
    agreement = turned[0] @ others.T
    best = np.zeros(agreement.shape, np.int8)
    for number, rows in enumerate(turned[1:], start=1):
        own = rows @ others.T
        better = own > agreement
        np.copyto(agreement, own, where=better)
        best[better] = number
    return agreement.astype(np.int32), best


def _strongest(agreement: np.ndarray, allowed: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(allowed)
    strength = agreement[rows, columns].astype(np.int64)
    order = np.argsort((rows * BITS * 2 + BITS - strength) * _POSITIONS + columns, kind="stable")
    rows, columns = rows[order], columns[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    return rows[rank < most], columns[rank < most]
