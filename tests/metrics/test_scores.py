"""The table of scores, against what evaluation writes, what docs/metrics.md says, and perfect predictions."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_split import perfect_predictions, tasks_of

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.image_tables import curves_over_iou
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.evaluation.split import evaluate_split, evaluation_metrics
from monolayer.metrics import cells, foreground
from monolayer.metrics.ranked_detections import DRAWN
from monolayer.metrics.scores import NUMBERS, SCORES, score_named

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
ALONE = ComputeSettings(jobs=1)


@pytest.fixture
def perfect(tmp_path: Path) -> dict[str, Any]:
    """What evaluation writes of two images with perfect predictions."""
    tasks = tasks_of(perfect_predictions(tmp_path))
    settings = EvaluateSettings(max_dets=[1, 7])
    scored = evaluate_split(tasks, "unet", "test", "clean", 0.5, 0.0, settings, ALONE)
    return evaluation_metrics([scored])["test"]["clean"]


def written_scores(scored: dict[str, Any]) -> list[tuple[str, float | None]]:
    parts = [scored["overall"], *scored["by_cell_type"].values(), *scored["by_cell_size"].values()]
    return [(name, value) for part in parts for name, value in part.items() if name not in NUMBERS]


def test_every_score_that_is_written_stands_in_the_table(perfect: dict[str, Any]) -> None:
    written = {name for name, _ in written_scores(perfect)}
    assert all(score_named(name).name == name for name in written)
    named = {*DRAWN, *cells.SCORES, *foreground.SCORES, *curves_over_iou(counts_of_nothing())} - {"iou"}
    assert named <= set(SCORES)
    assert set(SCORES) - written - named == {"ar_100", "ar_500", "ar_2000"}  # of other `max_dets`


def counts_of_nothing() -> cells.CellCounts:
    return cells.CellCounts(*(np.zeros((1, *shape), dtype=int) for shape in cells._SHAPES))


def test_a_perfect_prediction_has_the_best_value(perfect: dict[str, Any]) -> None:
    for name, value in written_scores(perfect):
        if name == "ar_1":  # one cell of an image counts, of two
            continue
        score = score_named(name)
        best = {"high": score.highest, "low": score.lowest, "zero": 0.0}[score.best]
        assert value is None or value == pytest.approx(best, abs=1e-12), name
        assert score.goodness(best) >= score.goodness(np.linspace(*np.clip(score[2:], -9, 9))).max()


def test_the_best_is_what_the_document_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    told: dict[str, str] = {}
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        header, _, *rows = [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()
        ]
        if "best" in header:
            told |= {
                name: row[header.index("best")] for row in rows for name in re.findall(r"`(\w+)`", row[0])
            }
    for number in NUMBERS:
        told.pop(number, None)
    assert told == {name: own.best for name, own in SCORES.items() if name not in ("ar", "accuracy")}


def test_goodness_rises_towards_the_best() -> None:
    values = np.array([[-0.5, 0.25], [0.125, 1.0]])
    assert SCORES["dice"].goodness(values).tolist() == values.tolist()
    assert SCORES["confluence_rmse"].goodness(values).tolist() == (-values).tolist()
    assert SCORES["confluence_bias"].goodness(values).tolist() == [[-0.5, -0.25], [-0.125, -1.0]]
    assert SCORES["count_mae"].goodness(3) == -3


def test_directions_in_words() -> None:
    words = {name: score_named(name).direction for name in ("ar_123", "afnr", "count_bias")}
    assert words == {"ar_123": "higher is better", "afnr": "lower is better", "count_bias": "0 is best"}


@pytest.mark.parametrize("name", ["apples", "ar_", "ar_0", "ar_5x", "", "cells"])
def test_an_unknown_score(name: str) -> None:
    with pytest.raises(InputError, match=rf"^'{name}' is no score; valid: dice, iou, .*count_relative_error"):
        score_named(name)
