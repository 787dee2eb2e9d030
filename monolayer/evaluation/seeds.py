"""All methods under several seeds: means, spread, and which differences exceed it."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from monolayer.errors import InputError
from monolayer.metrics.intervals import ERROR, joint_error, t_quantile
from monolayer.metrics.scores import score_named

Scores = Mapping[int, Mapping[str, Mapping[str, Any]]]
"""By seed and method: ``kind``, ``dice``, ``iou`` and ``confluence_rmse``."""
COMPARED = ("dice", "iou", "confluence_rmse")


class SeedRow(msgspec.Struct, frozen=True):
    """One method's mean scores over the seeds; ``_sd`` are standard deviations over the seeds."""

    method: str
    kind: str
    """``model`` or ``threshold``."""
    seeds: int
    dice: float
    dice_sd: float
    iou: float
    iou_sd: float
    confluence_rmse: float
    confluence_rmse_sd: float


class SeedDifference(msgspec.Struct, frozen=True):
    """Dice of a method less that of a better one, paired by seed.

    ``low`` and ``high``: its 95 % interval, which holds together with those of all pairs.
    """

    better: str
    method: str
    difference: float
    low: float
    high: float
    exceeds_spread: bool
    """Whether the interval leaves out 0."""


def seed_rows(scores: Scores) -> list[SeedRow]:
    """Return each method's mean scores and their spread, highest mean Dice first.

    Parameters
    ----------
    scores
        Of two seeds or more.

    Raises
    ------
    InputError
        There are fewer, or the comparisons lack one of these scores.
    """
    if len(scores) < 2:
        raise InputError(f"a spread needs two seeds or more, got {len(scores)}")
    first, *_ = scores.values()
    _require_scores(first)
    rows = []
    for method in first:
        values: dict[str, Any] = {"method": method, "kind": first[method]["kind"], "seeds": len(scores)}
        for name in COMPARED:
            over_seeds = _over_seeds(scores, method, name)
            values |= {name: float(over_seeds.mean()), f"{name}_sd": float(over_seeds.std(ddof=1))}
        rows.append(msgspec.convert(values, SeedRow))
    return sorted(rows, key=lambda row: -row.dice)


def _require_scores(scores: Mapping[str, Mapping[str, Any]]) -> None:
    for method, own in scores.items():
        for name in COMPARED:
            if name not in own:
                raise InputError(
                    f"the comparison has no {name} of {method}: list it in compare.scores, and take test "
                    "images of complete truth"
                )


def seed_differences(scores: Scores, ranking: list[str]) -> list[SeedDifference]:
    """Compare the Dice of each pair of methods, seed by seed.

    All intervals hold together: of twenty comparisons of methods that do not differ, in one some pair exceeds
    the spread by chance. Methods that the seed does not change, as thresholds, count as one.

    Parameters
    ----------
    scores
        Of two seeds or more.
    ranking
        The methods, best first.

    Returns
    -------
    list of SeedDifference
        The first of the ranking with each of the others, then the second with those behind it, and so on.
    """
    dices = {method: _over_seeds(scores, method, "dice") for method in ranking}
    varying = sum(np.ptp(dices[method]) > 0 for method in ranking)
    error = joint_error(varying + (varying < len(ranking)))
    differences, widest = [], score_named("dice").widest
    for better, method in combinations(ranking, 2):
        paired = dices[method] - dices[better]
        low, high = np.clip(t_interval(paired, error), -widest, widest).tolist()
        exceeds = not low <= 0 <= high
        differences.append(SeedDifference(better, method, float(paired.mean()), low, high, exceeds))
    return differences


def t_interval(values: np.ndarray, error: float = ERROR) -> tuple[float, float]:
    """Return Student's interval of a mean: ``mean -+ t * sd / sqrt(n)``, t with n - 1 degrees of freedom.

    Of differences paired by seed, it leaves out 0 exactly where the paired t-test rejects at this level.

    Parameters
    ----------
    values
        Float64 [n], n of 2 or more.
    error
        Fraction of such intervals that leave out the true mean.

    Examples
    --------
    The standard error of these two is 1, and t with one degree of freedom is 12.7:

    >>> low, high = t_interval(np.array([1.0, 3.0]))
    >>> round(low, 1), round(high, 1)
    (-10.7, 14.7)
    """
    reach = t_quantile(len(values) - 1, error) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)


def _over_seeds(scores: Scores, method: str, name: str) -> np.ndarray:
    """Return one score of one method, float64 [seeds], in the order of the seeds."""
    return np.array([scores[seed][method][name] for seed in sorted(scores)])


def seeds_text(rows: list[SeedRow], differences: list[SeedDifference]) -> str:
    """Return the comparison as a table for the terminal, and below it the pairs that the seeds leave open."""
    best, *others = rows
    to_best = {row.method: row for row in differences if row.better == best.method}
    cells = {best.method: _scores(best)} | {
        row.method: _scores(row) | _to(to_best[row.method]) for row in others
    }
    table = pd.DataFrame(cells.values(), index=list(cells)).to_string(na_rep="")
    within = [f"{row.better} and {row.method}" for row in differences if not row.exceeds_spread]
    return (
        f"{table}\n\n95 % intervals are from {best.seeds} seeds on the same test images; all differences of "
        f"{len(rows)} methods hold together.\n"
        f"differences within the spread of the seeds: {', '.join(within) or 'none'}"
    )


def _scores(row: SeedRow) -> dict[str, str]:
    return {
        "seeds": str(row.seeds),
        "IoU": f"{row.iou:.4f}",
        "confluence RMSE": f"{row.confluence_rmse:.4f}",
        "Dice": f"{row.dice:.4f}",
        "sd": f"{row.dice_sd:.4f}",
    }


def _to(best: SeedDifference) -> dict[str, str]:
    return {
        "less the best": f"{best.difference:+.4f}",
        "95 % interval": f"{best.low:+.4f} to {best.high:+.4f}",
        "exceeds spread": "yes" if best.exceeds_spread else "no",
    }
