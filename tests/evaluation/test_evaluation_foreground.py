"""The table of scores by image."""

import csv
from pathlib import Path

import pytest
from tiny_split import image_score

from monolayer.errors import InputError
from monolayer.evaluation.foreground import read_scores, summarise, write_scores

SCORES = [image_score("unet", 1, 50), image_score("unet", 2, 25), image_score("unet", 3, 10, "BV2")]


def test_summary_overall_and_by_cell_type():
    summary = summarise(SCORES)
    dices = [1, 50 / 75, 20 / 60]
    assert summary["overall"]["dice"] == pytest.approx(sum(dices) / 3)
    assert list(summary["by_cell_type"]) == ["A172", "BV2"]
    assert summary["by_cell_type"]["A172"]["dice"] == pytest.approx(sum(dices[:2]) / 2)
    assert summary["by_cell_type"]["BV2"]["images"] == 1


def test_written_and_read_back(tmp_path: Path):
    path = tmp_path / "unet" / "images.csv"
    write_scores(path, SCORES)
    assert read_scores(path) == SCORES


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


def test_missing_table(tmp_path: Path):
    with pytest.raises(InputError, match=r"images\.csv not found: run the stage"):
        read_scores(tmp_path / "images.csv")


def test_table_of_something_else(tmp_path: Path):
    (tmp_path / "images.csv").write_text("method,dice\nunet,0.5\n")
    with pytest.raises(InputError, match=r"images\.csv is no table of scores .*split"):
        read_scores(tmp_path / "images.csv")
