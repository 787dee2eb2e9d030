"""All methods on the same images: ranking, intervals and paired differences."""

import csv
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pydantic import Field

from monolayer.errors import InputError
from monolayer.metrics.bootstrap import bootstrap_means, percentile_interval
from monolayer.metrics.foreground import confluences, foreground_scores
from monolayer.metrics.overlap import dice, iou
from monolayer.parameters import Settings
from monolayer.scores import ImageScore, stack_counts


class CompareSettings(Settings):
    """How the intervals are drawn."""

    resamples: int = Field(default=10_000, ge=1)
    """Bootstrap draws of the images."""
    seed: int = Field(default=0, ge=0)
    """Of the draws."""


class ComparisonRow(msgspec.Struct, frozen=True):
    """One method's scores over the test images; ``_low`` and ``_high`` are ends of 95 % intervals."""

    method: str
    kind: str
    """``model`` or ``threshold``."""
    images: int
    dice: float
    dice_low: float
    dice_high: float
    iou: float
    iou_low: float
    iou_high: float
    confluence_rmse: float
    confluence_rmse_low: float
    confluence_rmse_high: float
    confluence_bias: float
    difference: float
    """Dice less the best method's, on the same images."""
    difference_low: float
    difference_high: float


def compare_methods(
    scores: dict[str, list[ImageScore]], models: list[str], settings: CompareSettings
) -> list[ComparisonRow]:
    """Compare methods over the same images.

    Parameters
    ----------
    scores
        By method, the scores of its images.
    models
        Which of the methods are models; the others are thresholds.
    settings
        Draws and seed.

    Returns
    -------
    list of ComparisonRow
        Highest mean Dice first.

    Raises
    ------
    InputError
        The methods were not scored on the same images.
    """
    counts = np.stack(same_images(scores), axis=1)  # (images, methods, 4)
    best = int(np.argmax(dice(counts).mean(axis=0)))
    intervals = _intervals(counts, best, settings)
    rows = []
    for index, method in enumerate(scores):
        values = foreground_scores(counts[:, index])
        values["difference"] = float((dice(counts[:, index]) - dice(counts[:, best])).mean())
        for name, (low, high) in intervals.items():
            values |= {f"{name}_low": float(low[index]), f"{name}_high": float(high[index])}
        kind = "model" if method in models else "threshold"
        rows.append(msgspec.convert({"method": method, "kind": kind, **values}, ComparisonRow))
    return sorted(rows, key=lambda row: -row.dice)


def _intervals(
    counts: np.ndarray, best: int, settings: CompareSettings
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the ends of each score's interval, float64 [methods] each; all scores share the draws."""
    true, predicted = confluences(counts)
    columns = np.hstack([dice(counts), iou(counts), (predicted - true) ** 2])
    means = bootstrap_means(columns, settings.resamples, settings.seed)
    dices, ious, squares = np.split(means, 3, axis=1)
    return {
        "dice": percentile_interval(dices),
        "iou": percentile_interval(ious),
        "confluence_rmse": percentile_interval(np.sqrt(squares)),
        "difference": percentile_interval(dices - dices[:, [best]]),
    }


def same_images(scores: dict[str, list[ImageScore]]) -> list[np.ndarray]:
    """Return each method's counts, int64 [N, 4], with the images in the order of their ids.

    Raises
    ------
    InputError
        A method was scored on other images than the first.
    """
    first, *_ = scores
    expected = sorted(score.image_id for score in scores[first])
    stacked = []
    for method, own in scores.items():
        ordered = sorted(own, key=lambda score: score.image_id)
        if differing := set(expected) ^ {score.image_id for score in ordered}:
            raise InputError(
                f"{first} and {method} were scored on different test images: {len(differing)} are in one "
                f"only, such as id {min(differing)}. Run `dvc repro` so that all are scored on the same."
            )
        stacked.append(stack_counts(ordered))
    return stacked


def write_comparison(path: Path, rows: list[ComparisonRow]) -> None:
    """Write the comparison as CSV, numbers to six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(ComparisonRow.__struct_fields__)
        for row in rows:
            writer.writerow(
                [format(v, ".6f") if isinstance(v, float) else v for v in msgspec.structs.astuple(row)]
            )


def comparison_metrics(rows: list[ComparisonRow]) -> dict[str, Any]:
    """Return each method's scores by its name, and the names of the best model and the best threshold."""
    scores = {row.method: msgspec.structs.asdict(row) for row in rows}
    for own in scores.values():
        del own["method"]
    return {"best_model": best_of(rows, "model"), "best_threshold": best_of(rows, "threshold"), **scores}


def best_of(rows: list[ComparisonRow], kind: str) -> str:
    """Return the first method of a kind, which is its best."""
    return next(row.method for row in rows if row.kind == kind)


def comparison_text(rows: list[ComparisonRow]) -> str:
    """Return the comparison as a table for the terminal."""
    header = ("method", "Dice", "95 % interval", "less the best", "95 % interval", "IoU", "confluence RMSE")
    table = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    lines = []
    for method, *numbers in table:
        columns = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
        lines.append("  ".join([method.ljust(widths[0]), *columns]))
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def _cells(row: ComparisonRow) -> tuple[str, ...]:
    return (
        row.method,
        f"{row.dice:.3f}",
        f"{row.dice_low:.3f} to {row.dice_high:.3f}",
        f"{row.difference:+.3f}",
        f"{row.difference_low:+.3f} to {row.difference_high:+.3f}",
        f"{row.iou:.3f}",
        f"{row.confluence_rmse:.3f}",
    )
