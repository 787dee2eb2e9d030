"""The handful of numbers of a model that DVC shows and compares; the full scores stand in a plain file."""

from collections.abc import Mapping
from typing import Any

HEADLINE = {
    "dice": "dice",
    "ap50": "ap50",
    "f1_50": "f1_50",
    "pq": "pq",
    "count_err": "count_relative_error",
    "area_rmse": "confluence_rmse",
}
"""Names in `dvc metrics show`, and the scores that they are of; of an error, less is better.

They are short since DVC makes a column of each, beside the path, and since the table has to fit a terminal.
"""
DIGITS = 3


def headline(scores: Mapping[str, Any], seconds: float) -> dict[str, float | int]:
    """Return a model's headline numbers.

    Parameters
    ----------
    scores
        As `evaluation_metrics` returns them; those that partial truth refuses are left out.
    seconds
        Of its training.

    Examples
    --------
    >>> headline({"test": {"clean": {"overall": {"dice": 0.91284, "confluence_rmse": 0.0321}}}}, 61.3)
    {'dice': 0.913, 'area_rmse': 0.032, 'sec': 61}
    """
    own = scores["test"]["clean"]["overall"]
    shown = {name: round(own[score], DIGITS) for name, score in HEADLINE.items() if score in own}
    return {**shown, "sec": round(seconds)}
