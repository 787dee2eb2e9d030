"""The table of scores by image."""

import csv
from pathlib import Path

import pytest
from tiny_split import image_score

from monolayer.evaluation.foreground import summarise, write_scores

SCORES = [image_score("unet", 1, 50), image_score("unet", 2, 25), image_score("unet", 3, 10, "BV2")]


def test_summary_overall_and_by_cell_type():
    summary = summarise(SCORES)
    dices = [1, 50 / 75, 20 / 60]
    assert summary["overall"]["dice"] == pytest.approx(sum(dices) / 3)
    assert list(summary["by_cell_type"]) == ["A172", "BV2"]
    assert summary["by_cell_type"]["A172"]["dice"] == pytest.approx(sum(dices[:2]) / 2)
    assert summary["by_cell_type"]["BV2"]["images"] == 1


def test_columns_that_people_read(tmp_path: Path):
    write_scores(tmp_path / "images.csv", SCORES)
    with (tmp_path / "images.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[1]
    assert row["image_id"] == "2"
    assert row["cell_type"] == "A172"
    assert row["cleaning"] == "clean"
    derived = ("dice", "iou", "precision", "recall", "true_confluence", "predicted_confluence")
    assert [row[name] for name in derived] == [
        "0.666667", "0.500000", "1.000000", "0.500000", "0.500000", "0.250000",
    ]  # fmt: skip
