"""Pairs of images whose perceptual hashes are alike, in any orientation."""

from typing import NamedTuple

import numpy as np

from monolayer.cleaning.comparable import Comparable
from monolayer.cleaning.fingerprint import BITS, ORIENTATIONS, Orientation, orient_fingerprints

_ROWS = 256  # images that are compared with all before them at once: 100 MB of numbers for 100,000 images


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
    columns = _rows(signs)
    turned = [_rows(orient_fingerprints(signs, orientation)) for orientation in ORIENTATIONS]
    found: list[Candidate] = []
    for start in range(0, len(signs), _ROWS):
        here = slice(start, start + _ROWS)
        table = np.concatenate(
            [
                _alike(rows[here], columns[: start + _ROWS], BITS - 2 * max_distance, number)
                for number, rows in enumerate(turned)
            ]
        )
        table[:, 1] += start
        first, second = table[:, 0], table[:, 1]
        table = table[(first < second) & compared.pairs(first, second)]
        found += (
            Candidate(first, second, ORIENTATIONS[number])
            for first, second, _, number in _strongest(table, most).tolist()
        )
    return found


def best_orientation(first: np.ndarray, second: np.ndarray) -> tuple[int, Orientation]:
    """Return in how many bits two fingerprints, int8 [16, 16], differ, and how the second is then turned."""
    others = first.astype(np.int64)
    agreement = [int(np.sum(orient_fingerprints(second[None], way)[0] * others)) for way in ORIENTATIONS]
    best = int(np.argmax(agreement))
    return (BITS - agreement[best]) // 2, ORIENTATIONS[best]


def _rows(signs: np.ndarray) -> np.ndarray:
    return signs.reshape(-1, BITS).astype(np.float32)


def _alike(turned: np.ndarray, others: np.ndarray, least: int, number: int) -> np.ndarray:
    """Return int64 [M, 4]: positions in `others` and `turned`, equal minus different bits, and `number`."""
    # Sums of +-1 below 2**24 are exact in float32, in any order.
    agreement = turned @ others.T
    second, first = np.nonzero(agreement >= least)
    strength = agreement[second, first].astype(np.int64)
    return np.column_stack([first, second, strength, np.full(len(first), number)])


def _strongest(table: np.ndarray, most: int) -> np.ndarray:
    """Keep of each pair its best orientation, and of each second image so many pairs, the strongest first."""
    first, second, strength, number = table.T
    table = table[np.lexsort([number, first, -strength, second])]
    _, unique = np.unique((table[:, 1] << 32) + table[:, 0], return_index=True)
    table = table[np.sort(unique)]
    rank = np.arange(len(table)) - np.searchsorted(table[:, 1], table[:, 1])
    return table[rank < most]
