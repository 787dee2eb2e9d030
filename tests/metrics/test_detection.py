"""Precision and recall of findings."""

import pytest

from monolayer.metrics.detection import precision_recall


@pytest.mark.parametrize(
    ("found", "expected", "precision", "recall"),
    [("ab", "ab", 1, 1), ("ab", "bc", 0.5, 0.5), ("", "ab", 1, 0), ("ab", "", 0, 1), ("", "", 1, 1)],
)
def test_precision_and_recall(found: str, expected: str, precision: float, recall: float) -> None:
    result = precision_recall(set(found), set(expected))
    assert (result["precision"], result["recall"]) == (precision, recall)
    assert (result["found"], result["expected"]) == (len(found), len(expected))
