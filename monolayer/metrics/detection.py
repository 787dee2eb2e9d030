"""How well a list of findings agrees with the list of what there was to find."""

from collections.abc import Set
from typing import TypedDict


class Detection(TypedDict):
    """Counts of findings, and the two ratios of them."""

    expected: int
    found: int
    agreed: int
    precision: float
    recall: float


def precision_recall(found: Set[object], expected: Set[object]) -> Detection:
    """Compare what was found with what there was to find.

    Parameters
    ----------
    found, expected
        Anything that can be compared.

    Returns
    -------
    Detection
        `precision` is the fraction of the findings that were expected, 1 where nothing was found; `recall`
        the fraction of the expected that was found, 1 where nothing was expected.

    >>> precision_recall({1, 2, 3, 4}, {3, 4, 5})
    {'expected': 3, 'found': 4, 'agreed': 2, 'precision': 0.5, 'recall': 0.6666666666666666}
    """
    agreed = len(found & expected)
    return {
        "expected": len(expected),
        "found": len(found),
        "agreed": agreed,
        "precision": agreed / len(found) if found else 1.0,
        "recall": agreed / len(expected) if expected else 1.0,
    }
