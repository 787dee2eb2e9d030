"""Ranking, intervals and paired differences."""

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy import stats
from tiny_split import image_score

from monolayer.errors import InputError
from monolayer.evaluation.comparison import (
    ComparisonRow,
    compare_methods,
    comparison_metrics,
    comparison_text,
    scores_by_cell_type,
    write_comparison,
)
from monolayer.evaluation.foreground import ImageScore
from monolayer.evaluation.image_tables import DrawnScore, table_of_threshold
from monolayer.evaluation.methods import Method, method_of
from monolayer.evaluation.settings import CompareSettings

SETTINGS = CompareSettings(scores=["dice", "iou", "confluence_rmse"], resamples=500)
FOUND = {"otsu": [5, 10, 20, 10], "vnet": [30, 35, 45, 40], "unet": [40, 45, 50, 42]}


def method(name: str, scores: list[ImageScore]) -> Method:
    """A method of which the foreground alone counts."""
    table = table_of_threshold(scores)._replace(kind="threshold" if name == "otsu" else "model")
    return method_of(name, table)


def methods(**others: list[int]) -> list[Method]:
    return [
        method(
            name, [image_score(name, n, count, "A172" if n < 3 else "BV2") for n, count in enumerate(found)]
        )
        for name, found in {**FOUND, **others}.items()
    ]


def compare(settings: CompareSettings = SETTINGS, **others: list[int]) -> dict[str, ComparisonRow]:
    return {row.method: row for row in compare_methods(methods(**others), settings)}


def with_cells(method: Method, value: float) -> Method:
    """A method whose cells have the same AP in every draw."""
    draws = np.full(SETTINGS.ap_resamples, value)
    return method._replace(drawn={"ap50": DrawnScore(value, draws, {"A172": value, "BV2": value})})


def dices(method: str) -> np.ndarray:
    found = np.array(FOUND[method])
    return 2 * found / (50 + found)


def test_highest_dice_first():
    rows = compare()
    assert list(rows) == ["unet", "vnet", "otsu"]
    assert [row.kind for row in rows.values()] == ["model", "model", "threshold"]
    assert rows["vnet"].scores["dice"].value == pytest.approx(dices("vnet").mean())
    assert rows["vnet"].images == 4


def test_intervals_hold_the_value():
    for row in compare().values():
        for value, low, high in row.scores.values():
            assert low <= value <= high


def test_differences_are_to_the_best():
    rows = compare()
    assert rows["unet"].difference == (0, 0, 0)
    difference = dices("vnet") - dices("unet")
    value, low, high = rows["vnet"].difference
    assert value == pytest.approx(difference.mean())
    # of four images, Student's t has 3 degrees of freedom; Tukey's level for three methods is .0191
    reach = stats.t.isf(0.0191 / 2, 3) * difference.std(ddof=1) / 2
    assert (low, high) == pytest.approx((value - reach, value + reach), rel=0.1)


def test_the_interval_of_a_score_is_students():
    """Up to the noise of 2,000 draws."""
    value, low, high = compare(SETTINGS.model_copy(update={"resamples": 2000}))["vnet"].scores["dice"]
    expected = stats.t.interval(0.95, 3, dices("vnet").mean(), stats.sem(dices("vnet")))
    assert (low, min(1, high)) == pytest.approx((expected[0], min(1, expected[1])), abs=0.01)
    assert low < value < high


def test_intervals_end_where_the_score_does():
    rows = compare(SETTINGS, noisy=[0, 50, 50, 50])
    assert rows["noisy"].scores["dice"].high == 1
    assert rows["noisy"].difference.low == -1
    assert rows["otsu"].scores["confluence_rmse"].low >= 0


def test_wells_are_drawn_instead_of_images():
    """The same two images again and again, of two wells, say no more than once."""
    names = [f"A172_Phase_{well}_1_00d{hour:02}h00m_1.tif" for hour in range(8) for well in ("A1", "B1")]
    found = [40, 38] * 8
    scores = [
        msgspec.structs.replace(image_score("vnet", n, found[n]), file_name=name, group=name[11:13])
        for n, name in enumerate(names)
    ]
    (row,) = compare_methods([method("vnet", scores)], SETTINGS)
    assert (row.images, row.groups, row.freedom) == (16, 2, 1)
    values = 2 * np.array([40, 38]) / (50 + np.array([40, 38]))
    either_way = row.scores["dice"].value - row.scores["dice"].low
    assert either_way == pytest.approx(stats.t.isf(0.025, 1) * stats.sem(values), rel=0.05)
    text = comparison_text([row], "dice")
    assert "from 16 images of 2 groups (wells or recordings)" in text


def test_one_recording_has_no_interval(tmp_path: Path):
    one = [
        method(
            name, [msgspec.structs.replace(image_score(name, n, count), group="movie") for n, count in own]
        )
        for name, own in (("vnet", enumerate([30, 35, 45])), ("unet", enumerate([40, 45, 50])))
    ]
    rows = compare_methods(one, SETTINGS)
    assert [row.method for row in rows] == ["unet", "vnet"]
    assert np.isnan([rows[0].scores["dice"].low, rows[0].scores["dice"].high]).all()
    assert [row.letters for row in rows] == ["", ""]
    text = comparison_text(rows, "dice")
    assert "No intervals: all 3 images are of one group (a recording or well)" in text
    assert "nan" not in text
    metrics = comparison_metrics(rows, "dice")
    assert "dice_low" not in metrics["methods"]["unet"]
    assert "No intervals" in metrics["intervals"]
    write_comparison(tmp_path / "comparison.csv", rows)
    assert "nan" not in (tmp_path / "comparison.csv").read_text()


def test_one_image_has_no_interval():
    rows = compare_methods([method("vnet", [image_score("vnet", 1, 30)])], SETTINGS)
    assert "No intervals: of one image" in comparison_text(rows, "dice")


def test_equal_methods_share_a_letter_and_others_do_not():
    """Of 16 images, on which two methods do alike and one does far worse."""
    rng = np.random.default_rng(0)
    found = {
        "unet": rng.integers(40, 46, 16),
        "vnet": rng.integers(40, 46, 16),
        "otsu": rng.integers(5, 9, 16),
    }
    scored = [
        method(name, [image_score(name, n, count) for n, count in enumerate(own.tolist())])
        for name, own in found.items()
    ]
    rows = compare_methods(scored, SETTINGS)
    assert [(row.method, row.letters) for row in rows[2:]] == [("otsu", "b")]
    assert [row.letters for row in rows[:2]] == ["a", "a"]
    assert f"Not distinguishable from {rows[0].method}: {rows[1].method}. All" in comparison_text(
        rows, "dice"
    )


def test_the_lowest_error_first():
    rows = compare(SETTINGS.model_copy(update={"score": "confluence_rmse"}))
    assert list(rows) == ["unet", "vnet", "otsu"]
    assert rows["otsu"].difference.value > 0


def test_methods_without_the_ranking_score_are_last():
    settings = SETTINGS.model_copy(update={"score": "ap50"})
    otsu, vnet, unet = methods()
    rows = compare_methods([otsu, with_cells(vnet, 0.6), with_cells(unet, 0.4)], settings)
    assert [row.method for row in rows] == ["vnet", "unet", "otsu"]
    assert [row.difference and round(row.difference.value, 6) for row in rows] == [0, -0.2, None]
    assert scores_by_cell_type([otsu, with_cells(vnet, 0.6)], rows, "ap50")[1]["vnet"].tolist() == [0.6, 0.6]
    assert "ap50" not in rows[2].scores
    metrics = comparison_metrics(rows, "ap50")
    assert metrics["best_model"] == "vnet"
    assert "best_threshold" not in metrics
    assert "difference" not in metrics["methods"]["otsu"]


def test_the_order_of_images_does_not_matter():
    shuffled = [image_score("vnet", n, found) for n, found in enumerate(FOUND["vnet"])][::-1]
    otsu, _, unet = methods()
    rows = compare_methods([otsu, method("vnet", shuffled), unet], SETTINGS)
    assert rows == list(compare().values())


def test_different_images():
    with pytest.raises(
        InputError, match="otsu and unet were scored on different test images: 1 are in one only"
    ):
        compare(unet=[40, 45, 50])


@pytest.mark.parametrize("wrong", [{"score": "apples"}, {"scores": ["apples"]}])
def test_a_score_that_no_method_has(wrong):
    with pytest.raises(InputError, match="compare: no method has a score 'apples'; valid: dice, iou"):
        compare(SETTINGS.model_copy(update=wrong))


def test_scores_by_cell_type_are_those_of_its_images():
    images, values = scores_by_cell_type(methods(), list(compare().values()), "dice")
    assert images == {"A172": 3, "BV2": 1}
    assert list(values) == ["unet", "vnet", "otsu"]
    assert values["vnet"].tolist() == pytest.approx([dices("vnet")[:3].mean(), dices("vnet")[3]])


def test_metrics_name_the_best_of_each_kind():
    metrics = comparison_metrics(list(compare().values()), "dice")
    assert (metrics["best_model"], metrics["best_threshold"], metrics["score"]) == ("unet", "otsu", "dice")
    vnet = metrics["methods"]["vnet"]
    assert vnet["kind"] == "model"
    assert "method" not in vnet
    assert vnet["dice_low"] < vnet["dice"] < vnet["dice_high"]


@pytest.mark.parametrize(
    "name", ["score", "best_model", "best_threshold", "refused", "methods", "kind", "dice"]
)
def test_a_model_may_have_any_name(name: str, tmp_path: Path):
    otsu, vnet, unet = methods()
    rows = compare_methods([otsu, vnet, unet._replace(name=name)], SETTINGS)
    metrics = comparison_metrics(rows, "dice", refused="a reason")
    assert {key: metrics[key] for key in ("score", "best_model", "best_threshold", "refused")} == {
        "score": "dice", "best_model": name, "best_threshold": "otsu", "refused": "a reason",
    }  # fmt: skip
    assert list(metrics["methods"]) == [name, "vnet", "otsu"]
    assert metrics["methods"][name]["dice"] == pytest.approx(dices("unet").mean())
    write_comparison(tmp_path / "comparison.csv", rows)
    with (tmp_path / "comparison.csv").open(newline="") as file:
        assert [row["method"] for row in csv.DictReader(file)] == [name, "vnet", "otsu"]
    assert comparison_text(rows, "dice").splitlines()[2].startswith(f"{name} ")


def test_table_as_csv(tmp_path: Path):
    otsu, vnet, unet = methods()
    settings = SETTINGS.model_copy(update={"scores": ["dice", "ap50"]})
    rows = compare_methods([otsu, with_cells(vnet, 0.6), unet], settings)
    write_comparison(tmp_path / "comparison" / "comparison.csv", rows)
    with (tmp_path / "comparison" / "comparison.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert list(read[0])[:6] == ["method", "kind", "images", "dice", "dice_low", "dice_high"]
    assert read[1]["dice"] == f"{rows[1].scores['dice'].value:.6f}"
    assert (read[1]["images"], read[1]["ap50"], read[0]["ap50"]) == ("4", "0.600000", "")


def test_table_as_text():
    header, line, *rows = comparison_text(list(compare().values()), "dice").splitlines()
    assert header.split()[:2] == ["method", "dice"]
    assert set(line) == {"-"}
    notes = rows[3:]
    rows = rows[:3]
    assert [row.split()[0] for row in rows] == ["unet", "vnet", "otsu"]
    assert len({len(row) for row in (header, line, *rows)}) == 1
    assert notes[1].startswith("95 % intervals are from 4 images: such intervals hold the truth in ")
    assert f"{dices('otsu').mean():.3f}" in rows[2]


def test_the_table_fits_a_terminal_and_names_what_does_not():
    names = ["dice", "iou", "confluence_rmse", "confluence_bias"]
    wide = SETTINGS.model_copy(update={"scores": names})
    otsu, vnet, unet = methods()
    long = vnet._replace(name="maximum-entropy+morphology")
    text = comparison_text(compare_methods([otsu, long, unet], wide), "dice")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split()[-2:] == ["alike", "confluence_rmse"]
    assert lines[-1] == "The table of the comparison has all intervals, and iou, confluence_bias."


def biased(name: str, *differences: int) -> Method:
    """A method that predicts so many pixels of 100 too much in each image."""
    scores = [
        ImageScore(name, "test", "clean", n, f"{n}.tif", "A172", 40, max(off, 0), max(-off, 0), 60 - abs(off))
        for n, off in enumerate(differences)
    ]
    return method(name, scores)


@pytest.mark.parametrize("score", ["confluence_bias", "confluence_rmse"])
def test_the_smallest_error_first_whatever_its_sign(score: str):
    methods = [biased("much", 20, 22, 24), biased("little", -12, -14, -11), biased("near", -3, -2, -1)]
    rows = compare_methods(methods, SETTINGS.model_copy(update={"score": score}))
    assert [row.method for row in rows] == ["near", "little", "much"]
    assert comparison_metrics(rows, score)["best_model"] == "near"
    errors = [abs(row.scores[score].value) for row in rows]
    differences = [row.difference.value for row in rows if row.difference is not None]
    assert differences == pytest.approx([error - errors[0] for error in errors])
    assert differences[0] == 0 < differences[1] < differences[2]
