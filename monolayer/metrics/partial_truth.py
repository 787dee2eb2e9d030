"""Which scores can be had of images of which only some cells are annotated.

There, a predicted cell without a true one may be right all the same. What asks only how well each annotated
cell was found stays true; every score that counts predicted cells or foreground pixels would be false.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from monolayer.annotations.coco import Truth

Score = TypeVar("Score")

OF_ANNOTATED_CELLS = ("recall_25", "recall_50", "recall_75", "seg")
"""Those that stay, for rankings too. AR and the number of annotated cells stay beside them."""


def needs_complete_truth(score: str) -> bool:
    """Say whether a score is false where only some cells are annotated.

    >>> needs_complete_truth("ap50"), needs_complete_truth("seg"), needs_complete_truth("ar_500")
    (True, False, False)
    """
    return score not in (*OF_ANNOTATED_CELLS, "ar", "afnr", "cells") and not score.startswith("ar_")


def of_annotated_cells(scores: Mapping[str, Score]) -> dict[str, Score]:
    """Return the scores that do not need complete truth."""
    return {name: score for name, score in scores.items() if not needs_complete_truth(name)}


def refusal(truths: Iterable[Truth]) -> str:
    """Say why scores that need complete truth are refused for a set of images, or "" where they are not.

    >>> refusal(["complete", "partial"])
    '1 of 2 images have partial truth: a predicted cell that is not annotated may be right all the same'
    """
    listed = list(truths)
    partial = listed.count("partial")
    if not partial:
        return ""
    return (
        f"{partial} of {len(listed)} images have partial truth: a predicted cell that is not annotated may "
        "be right all the same"
    )
