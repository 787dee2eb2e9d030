"""All methods on the same images: ranking, intervals and paired differences."""

import csv
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monolayer.errors import InputError
from monolayer.evaluation.headline import HEADLINE
from monolayer.evaluation.interval_notes import intervals_text
from monolayer.evaluation.methods import Method
from monolayer.evaluation.settings import CompareSettings
from monolayer.metrics.bootstrap import draw_images, sampling_of
from monolayer.metrics.compact_letters import compact_letters
from monolayer.metrics.intervals import distinct_pairs, joint_error, t_quantile
from monolayer.metrics.scores import score_named

TEXT_WIDTH = 100
"""Columns of the table that `comparison_text` makes."""


class Estimate(NamedTuple):
    """A number and the ends of its 95 % interval; NaN where there is none, as all images are of one group."""

    value: float
    low: float
    high: float


class ComparisonRow(NamedTuple):
    """One method's scores over the test images."""

    method: str
    kind: str
    """``model`` or ``threshold``."""
    images: int
    scores: dict[str, Estimate]
    """Those of the settings that the method has: a threshold finds no cells."""
    difference: Estimate | None
    """The ranking score less that of the best method, on the same images; None where the method has none.

    Its interval holds together with those of all differences between two methods.
    """
    groups: int
    """Wells, recordings or the like that the images are of."""
    freedom: int
    """Degrees of freedom of the intervals."""
    letters: str
    """Methods that share one cannot be told apart by the ranking score; "" without it or an interval."""

    def flat(self) -> dict[str, Any]:
        """Return everything under names without levels: ``dice``, ``dice_low``, ``dice_high`` and so on."""
        estimates = {**self.scores, "difference": self.difference}
        values: dict[str, Any] = {"method": self.method, "kind": self.kind, "images": self.images}
        for name, estimate in estimates.items():
            if estimate is not None:
                flat = zip((name, f"{name}_low", f"{name}_high"), estimate, strict=True)
                values |= {key: value for key, value in flat if not np.isnan(value)}
        return {**values, "letters": self.letters, "groups": self.groups}


def compare_methods(methods: Sequence[Method], settings: CompareSettings) -> list[ComparisonRow]:
    """Compare methods over the same images.

    Parameters
    ----------
    methods
        Their scores.
    settings
        Scores and draws.

    Returns
    -------
    list of ComparisonRow
        The best first; those without the ranking score last.

    Raises
    ------
    InputError
        The methods were not scored on the same images, or no method has a score of that name: there is none,
        or partial truth refuses it. Of the scores that are only written, those that are refused are left out.
    """
    _check(methods, settings)
    sampling = sampling_of(methods[0].groups, methods[0].cell_types)
    draws = draw_images(sampling, settings.resamples, settings.seed)
    weights = np.concatenate([np.ones((1, draws.shape[1])), draws])
    names = list(dict.fromkeys([settings.score, *settings.scores]))
    drawn = [
        {name: _draw(method, name, weights) for name in names if name in method.names} for method in methods
    ]
    ranking = score_named(settings.score)
    ranked = {
        # What is best at 0 differs by how far it is from 0.
        method.name: np.abs(own[settings.score]) if ranking.best == "zero" else own[settings.score]
        for method, own in zip(methods, drawn, strict=True)
        if settings.score in own
    }
    best = max(ranked.values(), key=lambda own: float(ranking.goodness(own[0])))
    reach = t_quantile(sampling.freedom)
    joint_reach = t_quantile(sampling.freedom, joint_error(len(ranked)))
    rows = [
        ComparisonRow(
            method.name,
            method.kind,
            len(method.image_ids),
            {name: _estimate(own[name], reach, *_limits(name)) for name in names if name in own},
            _estimate(ranked[method.name] - best, joint_reach, -ranking.widest, ranking.widest)
            if method.name in ranked
            else None,
            sampling.groups,
            sampling.freedom,
            letters="",
        )
        for method, own in zip(methods, drawn, strict=True)
    ]
    return _lettered(sorted(rows, key=lambda row: _place(row, settings.score)), ranked, joint_reach)


def _draw(method: Method, name: str, weights: np.ndarray) -> np.ndarray:
    """Return the score of all images, and behind it those of the draws, float64 [1 + R]."""
    if name in method.drawn:
        own = method.drawn[name]
        return np.concatenate([[own.value], own.draws])
    return method.scores[name](weights)


def _estimate(drawn: np.ndarray, reach: float, lowest: float = -np.inf, highest: float = np.inf) -> Estimate:
    either_way = reach * np.std(drawn[1:], ddof=1)
    value = float(drawn[0])
    # NumPy's maximum keeps NaN, Python's max may not.
    low, high = np.maximum(value - either_way, lowest), np.minimum(value + either_way, highest)
    return Estimate(value, float(low), float(high))


def _limits(score: str) -> tuple[float, float]:
    """Return the lowest and the highest value that there can be."""
    known = score_named(score)
    return known.lowest, known.highest


def _lettered(rows: list[ComparisonRow], scores: dict[str, np.ndarray], reach: float) -> list[ComparisonRow]:
    """Return the rows, the best first, with the letters of those that have a ranking score [1 + R]."""
    if not rows[0].freedom:
        return rows
    ranked = np.stack([scores[row.method] for row in rows if row.method in scores])
    letters = iter(compact_letters(distinct_pairs(ranked, reach)))
    return [row._replace(letters=next(letters)) if row.method in scores else row for row in rows]


def _place(row: ComparisonRow, score: str) -> float:
    return -float(score_named(score).goodness(row.scores[score].value)) if score in row.scores else np.inf


def _check(methods: Sequence[Method], settings: CompareSettings) -> None:
    known = list(dict.fromkeys(name for method in methods for name in method.names))
    refused = next((method.refused for method in methods if method.refused), "")
    if refused and settings.score not in known:
        raise InputError(
            f"params.yaml: compare.score: there is no {settings.score!r} here, as {refused}. There is: "
            f"{', '.join(known)}"
        )
    for name in (settings.score, *settings.scores):
        if name not in known and not refused:
            raise InputError(
                f"params.yaml: compare: no method has a score {name!r}; valid: {', '.join(known)}"
            )
    first = methods[0]
    for method in methods[1:]:
        if differing := set(first.image_ids.tolist()) ^ set(method.image_ids.tolist()):
            raise InputError(
                f"{first.name} and {method.name} were scored on different test images: {len(differing)} are "
                f"in one only, such as id {min(differing)}. Run `dvc repro`, so that all see the same."
            )


def scores_by_cell_type(
    methods: Sequence[Method], rows: Sequence[ComparisonRow], score: str
) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    """Return how many images each cell type has, and each method's score on each, float64 [C].

    The methods are in the order of `rows`.
    """
    by_name = {method.name: method for method in methods if score in method.names}
    names, counts = np.unique(methods[0].cell_types, return_counts=True)
    types = names.tolist()
    chosen = np.stack([methods[0].cell_types == name for name in types]).astype(np.int64)
    ranked = [by_name[row.method] for row in rows if row.method in by_name]
    images = dict(zip(types, counts.tolist(), strict=True))
    return images, {method.name: _by_type(method, score, types, chosen) for method in ranked}


def _by_type(method: Method, score: str, types: list[str], chosen: np.ndarray) -> np.ndarray:
    if score in method.drawn:
        return np.array([method.drawn[score].by_cell_type[name] for name in types])
    return method.scores[score](chosen)


def write_comparison(path: Path, rows: list[ComparisonRow]) -> None:
    """Write the comparison as CSV, numbers to six digits; what a method has not stays empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = [row.flat() for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        names = max(flat, key=len)
        writer = csv.DictWriter(file, list(names), restval="", lineterminator="\n")
        writer.writeheader()
        for row in flat:
            writer.writerow(
                {name: format(v, ".6f") if isinstance(v, float) else v for name, v in row.items()}
            )


def comparison_metrics(rows: list[ComparisonRow], score: str, refused: str = "") -> dict[str, Any]:
    """Return the best model and the best threshold by the score, and under ``methods`` each method's scores.

    Beside them stands why some scores are refused, where some are.
    """
    metrics: dict[str, Any] = {"score": score, **({"refused": refused} if refused else {})}
    metrics["intervals"] = intervals_text(rows[0].images, rows[0].groups, rows[0].freedom)
    for kind in ("model", "threshold"):
        ranked = [row.method for row in rows if row.kind == kind and score in row.scores]
        if ranked:
            metrics[f"best_{kind}"] = ranked[0]
    # One level down: a model may be called score, or best_model.
    flat = {row.method: row.flat() for row in rows}
    return {
        **metrics,
        "methods": {n: {k: v for k, v in own.items() if k != "method"} for n, own in flat.items()},
    }


def comparison_text(rows: list[ComparisonRow], score: str) -> str:
    """Return the comparison as a table for the terminal, and below it how far the intervals can be trusted.

    Scores beyond its width are named there, too.
    """
    scores = dict.fromkeys(name for row in rows for name in row.scores)
    first = [name for name in HEADLINE.values() if name in scores]
    others = [name for name in dict.fromkeys([*first, *scores]) if name != score]
    header = ("method", score, "95 % interval", "less the best", "alike", *others)
    table = [header, *(_cells(row, score, others) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    ends = np.cumsum([width + 2 for width in widths]) - 2
    shown = int((ends <= TEXT_WIDTH).sum())
    lines = []
    for method, *numbers in table:
        columns = [cell.rjust(width) for cell, width in zip(numbers[: shown - 1], widths[1:], strict=False)]
        lines.append("  ".join([method.ljust(widths[0]), *columns]))
    lines.insert(1, "-" * len(lines[0]))
    for note in _notes(rows, header[shown:]):
        lines += ["", *textwrap.wrap(note, TEXT_WIDTH)]
    return "\n".join(lines)


def _notes(rows: list[ComparisonRow], hidden: Sequence[str]) -> Iterator[str]:
    best, *others = [row for row in rows if row.difference is not None]
    yield intervals_text(best.images, best.groups, best.freedom)
    if best.freedom:
        alike = [row.method for row in others if set(row.letters) & set(best.letters)]
        yield (
            f"Not distinguishable from {best.method}: {', '.join(alike) or 'none'}. All differences of "
            f"{1 + len(others)} methods hold together; methods that share a letter cannot be told apart."
        )
    if hidden:
        yield f"The table of the comparison has all intervals, and {', '.join(hidden)}."


def _cells(row: ComparisonRow, score: str, others: list[str]) -> tuple[str, ...]:
    values = [f"{row.scores[name].value:.3f}" if name in row.scores else "" for name in others]
    if row.difference is None:
        return (row.method, "", "", "", "", *values)
    own, difference = row.scores[score], row.difference
    return (
        row.method,
        f"{own.value:.3f}",
        f"{own.low:.3f} to {own.high:.3f}" if row.freedom else "",
        f"{difference.value:+.3f}"
        + (f" ({difference.low:+.3f} to {difference.high:+.3f})" if row.freedom else ""),
        row.letters,
        *values,
    )
