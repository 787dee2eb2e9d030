"""A model's predictions against the truth."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tiny_split import HEIGHT, WIDTH, of_a_stack, perfect_predictions, square, tasks_of, two_images

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import SCORE_FLOORS, score_cells
from monolayer.evaluation.operating_point import THRESHOLDS, choose_score_floor, choose_threshold
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.evaluation.split import Evaluation, evaluate_split, evaluation_metrics
from monolayer.evaluation.tasks import truth_and_prediction, truth_tasks
from monolayer.images.files import read_image, write_png
from monolayer.parameters import validate

ALONE = ComputeSettings(jobs=1)


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """The folder of perfect predictions of two test images."""
    return perfect_predictions(tmp_path)


def evaluate(
    predictions: Path, cleaning: str = "clean", threshold: float = 0.5, score_floor: float = 0.0
) -> Evaluation:
    tasks, settings = tasks_of(predictions), EvaluateSettings()
    return evaluate_split(tasks, "unet", "test", cleaning, threshold, score_floor, settings, ALONE)


def test_perfect_predictions(predictions: Path):
    scores = evaluate(predictions).scores
    assert [score.counts.tolist() for score in scores] == [
        [16**2 + 12**2, 0, 0, HEIGHT * WIDTH - 400],
        [400, 0, 0, HEIGHT * WIDTH - 400],
    ]
    assert [(s.method, s.split, s.cleaning, s.image_id, s.cell_type) for s in scores] == [
        ("unet", "test", "clean", 1, "A172"),
        ("unet", "test", "clean", 2, "BV2"),
    ]


def test_predictions_are_read_alike_whatever_their_image_is_read_from(predictions: Path):
    results = {1: [], 2: []}
    stack = truth_tasks(of_a_stack(two_images()), predictions, results)
    scores = evaluate_split(stack, "unet", "test", "clean", 0.5, 0.0, EvaluateSettings(), ALONE).scores
    assert [score.dice for score in scores] == [1, 1]
    assert choose_threshold(stack, ALONE) == 0.5
    assert all((truth == found).all() for truth, found in (truth_and_prediction(task, 0.5) for task in stack))


def test_two_processes_give_the_same(predictions: Path):
    tasks = tasks_of(predictions)
    two = ComputeSettings(jobs=2)
    both = evaluate_split(tasks, "unet", "test", "clean", 0.5, 0.0, EvaluateSettings(), two)
    assert both.scores == evaluate(predictions).scores
    assert evaluation_metrics([both]) == evaluation_metrics([evaluate(predictions)])


@pytest.mark.parametrize(("threshold", "found"), [(0.5, 400), (128 / 255, 400), (0.51, 0)])
def test_threshold_is_the_least_probability(predictions: Path, threshold: float, found: int):
    write_png(predictions / "2.png", np.full((HEIGHT, WIDTH), 128, dtype=np.uint8))
    assert evaluate(predictions, threshold=threshold).scores[1].true_positive == found


@pytest.mark.parametrize(("inside", "outside", "chosen"), [(60, 20, 0.2), (230, 190, 0.75), (255, 0, 0.5)])
def test_the_chosen_threshold_separates_best(predictions: Path, inside: int, outside: int, chosen: float):
    for path in predictions.iterdir():
        write_png(path, np.where(read_image(path) > 0, np.uint8(inside), np.uint8(outside)))
    assert choose_threshold(tasks_of(predictions), ALONE) == chosen


def test_the_chosen_threshold_has_the_highest_mean_of_the_images(predictions: Path):
    # Below .3 the second image gains less than the first one loses.
    for number, (inside, outside) in ((1, (200, 70)), (2, (70, 0))):
        path = predictions / f"{number}.png"
        truth = read_image(path) > 0
        levels = np.where(truth, np.uint8(inside), np.uint8(outside))
        if number == 2:
            levels[:, 20:][truth[:, 20:]] = 200
        write_png(path, levels)
    tasks = tasks_of(predictions)
    means = {
        threshold: np.mean([s.dice for s in evaluate(predictions, threshold=threshold).scores])
        for threshold in THRESHOLDS
    }
    assert means[choose_threshold(tasks, ALONE)] == max(means.values())
    assert len(set(means.values())) > 2


def write_cells(predictions: Path, *cells: tuple[int, int, int, int, float]) -> None:
    """Predict squares: image, left, top, side and score of each."""
    results = [
        {"image_id": image, "segmentation": [square(left, top, side)], "score": score}
        for image, left, top, side, score in cells
    ]
    (predictions.parents[1] / "test.json").write_text(json.dumps(results))


def test_the_chosen_floor_keeps_what_was_found_and_drops_what_was_not(predictions: Path):
    found = [(1, 4, 4, 16, 0.9), (1, 26, 10, 12, 0.52), (2, 10, 10, 20, 0.6)]
    false = [(1, 40, 30, 5, 0.3), (2, 0, 0, 6, 0.41), (2, 40, 0, 6, 0.7)]
    write_cells(predictions, *found, *false)
    assert choose_score_floor(tasks_of(predictions), ALONE) == 0.45
    overall = evaluation_metrics([evaluate(predictions, score_floor=0.45)])["test"]["clean"]["overall"]
    assert (overall["precision_50"], overall["recall_50"], overall["cells_predicted"]) == (0.75, 1, 4)


def test_the_chosen_floor_has_the_highest_f1_of_all_images_together(predictions: Path):
    rng = np.random.default_rng(0)
    cells = [
        (cell.image_id, *(box + rng.integers(-2, 3, 3)).tolist(), rng.random())
        for cell in two_images().annotations
        for box in [np.array(msgspec.json.decode(cell.bbox)[:3])] * 5
    ]
    write_cells(predictions, *cells)
    f1 = {
        floor: score_cells(evaluate(predictions, score_floor=floor).cells, "f1_50") for floor in SCORE_FLOORS
    }
    assert f1[choose_score_floor(tasks_of(predictions), ALONE)] == max(f1.values())
    assert len(set(f1.values())) > 4


def test_of_equal_floors_the_lowest_is_chosen(predictions: Path):
    assert choose_score_floor(tasks_of(predictions), ALONE) == 0
    write_cells(predictions)
    assert choose_score_floor(tasks_of(predictions), ALONE) == 0


def test_no_threshold_without_predictions(tmp_path: Path):
    with pytest.raises(InputError, match=r"1\.png not found"):
        choose_threshold(tasks_of(tmp_path), ALONE)


def test_raw_image_without_prediction_is_counted_and_named(predictions: Path):
    (predictions / "1.png").unlink()
    evaluation = evaluate(predictions, cleaning="raw")
    metrics = evaluation_metrics([evaluation])["test"]["raw"]
    assert metrics["overall"]["images"] == 1
    assert metrics["images_without_prediction"] == 1
    assert metrics["without_prediction"] == [two_images().images[0].file_name]


def test_clean_image_without_prediction(predictions: Path):
    (predictions / "1.png").unlink()
    with pytest.raises(
        InputError, match=r"A172_.*\.tif of test has no prediction: run `dvc repro -f predict@unet"
    ):
        evaluate(predictions)


def test_no_predictions_at_all(tmp_path: Path):
    with pytest.raises(
        InputError, match="no image of test has a prediction: run `dvc repro -f predict@unet`"
    ):
        evaluate(tmp_path, cleaning="raw")


def test_prediction_of_another_size(predictions: Path):
    write_png(predictions / "1.png", np.zeros((8, 8), dtype=np.uint8))
    with pytest.raises(InputError, match=r"1\.png is 8 x 8 pixels, but its annotations are for 48 x 40"):
        evaluate(predictions)


def test_metrics_by_split_and_truth(predictions: Path):
    evaluations = [evaluate(predictions, cleaning) for cleaning in ("raw", "clean")]
    metrics = evaluation_metrics(evaluations)
    assert list(metrics["test"]) == ["raw", "clean"]
    assert metrics["test"]["clean"]["overall"]["dice"] == 1
    assert metrics["test"]["clean"]["by_cell_type"]["BV2"]["images"] == 1


@pytest.mark.parametrize("threshold", [0, 1.5, "test"])
def test_settings_refuse(threshold):
    with pytest.raises(InputError, match=r"evaluate\.threshold"):
        validate({"threshold": threshold}, "evaluate", EvaluateSettings)


def test_scores_of_the_cells_stand_beside_those_of_the_foreground(predictions: Path):
    scored = evaluation_metrics([evaluate(predictions)])["test"]["clean"]
    assert {name: scored["overall"][name] for name in ("dice", "ap", "f1_50", "pq", "cells")} == {
        "dice": 1, "ap": 1, "f1_50": 1, "pq": 1, "cells": 3,
    }  # fmt: skip
    assert scored["by_cell_type"]["BV2"]["cells"] == 1
    assert [size["cells"] for size in scored["by_cell_size"].values()] == [2, 1, 0]
    assert (scored["score_floor"], scored["max_dets"]) == (0, [100, 500, 2000])


def test_a_cell_of_an_image_of_another_size(predictions: Path):
    code = {"size": [9, 9], "counts": [0, 81]}
    result = [{"image_id": 1, "segmentation": code, "score": 0.5}]
    (predictions.parents[1] / "test.json").write_text(json.dumps(result))
    with pytest.raises(
        InputError, match=r"predicted cells of A172_.*\.tif: run-length code of size \[9, 9\] in an image of"
    ):
        evaluate(predictions)
