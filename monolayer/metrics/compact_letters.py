"""Letters that methods share which cannot be told apart (Piepho, J Comput Graph Stat 13:456, 2004)."""

from itertools import combinations

import numpy as np


def compact_letters(distinct: np.ndarray) -> list[str]:
    """Return the letters of M methods, so that two share one exactly where they are not distinct.

    Parameters
    ----------
    distinct
        Whether each pair differs, bool [M, M], symmetric; the methods in the order of their ranks.

    Returns
    -------
    list of str
        ``a``, ``ab``, ``b`` and so on; behind ``z`` comes ``a1``.

    Examples
    --------
    The first and the last of three differ:

    >>> compact_letters(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool))
    ['a', 'ab', 'b']
    """
    sets = [frozenset(range(len(distinct)))]
    for one, other in combinations(range(len(distinct)), 2):
        if distinct[one, other]:
            sets = _without_parts([part for own in sets for part in _apart(own, one, other)])
    ordered = sorted(sets, key=sorted)
    return ["".join(_letter(n) for n, own in enumerate(ordered) if m in own) for m in range(len(distinct))]


def _apart(own: frozenset[int], one: int, other: int) -> list[frozenset[int]]:
    return [own - {one}, own - {other}] if {one, other} <= own else [own]


def _without_parts(sets: list[frozenset[int]]) -> list[frozenset[int]]:
    unique = set(sets)
    return [own for own in unique if not any(own < other for other in unique)]


def _letter(number: int) -> str:
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")
