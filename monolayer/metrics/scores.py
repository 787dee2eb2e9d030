"""Every score by its name: which value is best, and which values there can be.

What ranks, tunes, chooses or draws scores asks this table, so that an error is never ranked for the worst.
docs/metrics.md says what the names mean.
"""

import re
from typing import Literal, NamedTuple

import numpy as np

from monolayer.errors import InputError

DIRECTIONS = {"high": "higher is better", "low": "lower is better", "zero": "0 is best"}


class Score(NamedTuple):
    """What a score's values say."""

    name: str
    best: Literal["high", "low", "zero"]
    """Which value is best: the highest, the lowest, or that nearest to 0."""
    lowest: float
    """No value is lower."""
    highest: float
    """No value is higher."""

    @property
    def direction(self) -> str:
        """For people: ``higher is better``, ``lower is better`` or ``0 is best``."""
        return DIRECTIONS[self.best]

    @property
    def widest(self) -> float:
        """No two methods differ by more; where 0 is best, their distances from 0 are compared.

        >>> [SCORES[name].widest for name in ("dice", "confluence_bias", "count_mae")]
        [1, 1, inf]
        """
        return max(-self.lowest, self.highest) if self.best == "zero" else self.highest - self.lowest

    def goodness(self, values: np.ndarray | float) -> np.ndarray:
        """Return numbers of which a higher one is better, float64 [...], of values of the same shape.

        >>> SCORES["count_bias"].goodness(np.array([-3.0, 1.0, 2.0])).tolist()
        [-3.0, -1.0, -2.0]
        """
        known = np.asarray(values, dtype=np.float64)
        return known if self.best == "high" else -known if self.best == "low" else -np.abs(known)


def score_named(name: str) -> Score:
    """Return the score of a name that metrics files have.

    Raises
    ------
    InputError
        There is no such score.

    Examples
    --------
    >>> score_named("count_mae").direction, score_named("ar_300").direction
    ('lower is better', 'higher is better')
    """
    if name not in SCORES and re.fullmatch(r"ar_[1-9]\d*", name):  # of any `evaluate.max_dets`
        return SCORES["ar"]._replace(name=name)
    if name not in SCORES:
        raise InputError(f"{name!r} is no score; valid: {', '.join(SCORES)}")
    return SCORES[name]


_FRACTIONS = (
    *("dice", "iou", "dice_pooled", "iou_pooled", "precision", "recall", "accuracy"),
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"),
    *("ar", "ar_100", "ar_500", "ar_2000", "ar_small", "ar_medium", "ar_large"),
    *(f"{name}_{iou}" for iou in (25, 50, 75) for name in ("precision", "recall", "f1")),
    *("sa_50", "msa", "sartorius", "sartorius_pooled", "pq", "sq", "dq", "aji", "seg", "det", "boundary_f"),
)

SCORES: dict[str, Score] = {name: Score(name, "high", 0, 1) for name in _FRACTIONS} | {
    score.name: score
    for score in (
        Score("afnr", "low", 0, 1),
        Score("confluence_rmse", "low", 0, 1),
        Score("confluence_bias", "zero", -1, 1),
        Score("confluence_loa_low", "zero", -np.inf, np.inf),
        Score("confluence_loa_high", "zero", -np.inf, np.inf),
        Score("count_mae", "low", 0, np.inf),
        Score("count_bias", "zero", -np.inf, np.inf),
        Score("count_relative_error", "low", 0, np.inf),
    )
}
"""By name; `score_named` knows AR of other numbers of detections too."""

NUMBERS = ("images", "cells", "cells_predicted")
"""What stands beside scores and is none."""
