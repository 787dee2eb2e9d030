"""Ranking, intervals and paired differences."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tiny_split import image_score

from monolayer.comparison import (
    CompareSettings,
    ComparisonRow,
    compare_methods,
    comparison_metrics,
    comparison_text,
    write_comparison,
)
from monolayer.errors import InputError

SETTINGS = CompareSettings(resamples=500)
FOUND = {"otsu": [5, 10, 20, 10], "vnet": [30, 35, 45, 40], "unet": [40, 45, 50, 42]}


def scores(**others: list[int]):
    return {
        method: [image_score(method, number, n) for number, n in enumerate(found)]
        for method, found in {**FOUND, **others}.items()
    }


def compare(**others: list[int]) -> dict[str, ComparisonRow]:
    return {row.method: row for row in compare_methods(scores(**others), ["unet", "vnet"], SETTINGS)}


def dices(method: str) -> np.ndarray:
    found = np.array(FOUND[method])
    return 2 * found / (50 + found)


def test_highest_dice_first():
    rows = compare()
    assert list(rows) == ["unet", "vnet", "otsu"]
    assert [row.kind for row in rows.values()] == ["model", "model", "threshold"]
    assert rows["vnet"].dice == pytest.approx(dices("vnet").mean())
    assert rows["vnet"].images == 4


def test_intervals_hold_the_mean():
    for row in compare().values():
        assert row.dice_low <= row.dice <= row.dice_high
        assert row.iou_low <= row.iou <= row.iou_high
        assert row.confluence_rmse_low <= row.confluence_rmse <= row.confluence_rmse_high


def test_differences_are_to_the_best():
    rows = compare()
    assert (rows["unet"].difference, rows["unet"].difference_low, rows["unet"].difference_high) == (0, 0, 0)
    difference = dices("vnet") - dices("unet")
    assert rows["vnet"].difference == pytest.approx(difference.mean())
    assert difference.min() <= rows["vnet"].difference_low < rows["vnet"].difference_high <= difference.max()


def test_the_order_of_images_does_not_matter():
    shuffled = scores()
    shuffled["vnet"].reverse()
    assert compare_methods(shuffled, ["unet", "vnet"], SETTINGS) == list(compare().values())


def test_different_images():
    with pytest.raises(
        InputError, match="otsu and unet were scored on different test images: 1 are in one only"
    ):
        compare(unet=[40, 45, 50])


def test_metrics_name_the_best_of_each_kind():
    metrics = comparison_metrics(list(compare().values()))
    assert (metrics["best_model"], metrics["best_threshold"]) == ("unet", "otsu")
    assert metrics["vnet"]["kind"] == "model"
    assert "method" not in metrics["vnet"]


def test_table_as_csv(tmp_path: Path):
    rows = list(compare().values())
    write_comparison(tmp_path / "comparison" / "comparison.csv", rows)
    with (tmp_path / "comparison" / "comparison.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert tuple(read[0]) == ComparisonRow.__struct_fields__
    assert read[1]["dice"] == f"{rows[1].dice:.6f}"
    assert read[1]["images"] == "4"


def test_table_as_text():
    header, line, *rows = comparison_text(list(compare().values())).splitlines()
    assert header.split()[:2] == ["method", "Dice"]
    assert set(line) == {"-"}
    assert [row.split()[0] for row in rows] == ["unet", "vnet", "otsu"]
    assert len({len(row) for row in (header, line, *rows)}) == 1
    assert f"{dices('otsu').mean():.3f}" in rows[2]
