"""The images that are drawn, and what is drawn of them."""

from pathlib import Path

import numpy as np
from tiny_split import (
    HEIGHT,
    WIDTH,
    annotation,
    perfect_predictions,
    tasks_of,
    two_images,
    write_results,
)

from monolayer.annotations.coco import Coco
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.examples import Panels, best_median_worst, cell_agreement, example_images
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.evaluation.split import evaluate_split
from monolayer.evaluation.tasks import TruthTask, truth_and_prediction
from monolayer.images.files import write_png
from monolayer.images.folder import ImageFolder


def test_best_median_and_worst_of_equal_images_are_those_of_the_smaller_ids():
    assert best_median_worst(dict.fromkeys((4, 2, 3), 0.5)) == {"best": 2, "median": 3, "worst": 4}


def test_one_image_is_best_median_and_worst():
    assert set(best_median_worst({7: 0.1}).values()) == {7}


def panels_of(tmp_path: Path) -> tuple[Panels, list[TruthTask]]:
    """What is drawn of the predictions of two images below a folder."""
    tasks = tasks_of(tmp_path / "predictions" / "unet" / "foreground" / "test")
    settings, alone = EvaluateSettings(), ComputeSettings(jobs=1)
    evaluation = evaluate_split(tasks, "unet", "test", "clean", 0.5, 0.0, settings, alone)
    return example_images(evaluation, tasks, ImageFolder(tmp_path / "images")), tasks


def test_examples_of_the_foreground_come_with_their_masks(tmp_path: Path):
    predictions = perfect_predictions(tmp_path)
    write_png(predictions / "2.png", np.zeros((HEIGHT, WIDTH), dtype=np.uint8))
    panels, tasks = panels_of(tmp_path)
    assert [caption.splitlines()[0] for caption in panels.foreground] == [
        "best: Dice 1.000", "median: Dice 0.000", "worst: Dice 0.000",
    ]  # fmt: skip
    image, truth, prediction = list(panels.foreground.values())[2]
    assert image.shape == (HEIGHT, WIDTH)
    assert truth[10:30, 10:30].all()
    assert np.array_equal(truth_and_prediction(tasks[1], 0.5), [truth, prediction])
    assert not prediction.any()


def test_examples_of_cells_are_chosen_by_the_f1_of_cells(tmp_path: Path):
    predictions = perfect_predictions(tmp_path)
    write_png(predictions / "2.png", np.zeros((HEIGHT, WIDTH), dtype=np.uint8))  # of the worst Dice
    of_image_1 = [annotation(1, 1, 4, 4, 16), annotation(2, 1, 2, 24, 12)]  # one found, one false
    write_results(predictions.parents[1] / "test.json", Coco([], [*of_image_1, annotation(3, 2, 10, 10, 20)]))
    panels, _ = panels_of(tmp_path)
    names = [item.file_name for item in two_images().images]
    assert list(panels.cells) == [
        f"best: F1 1.000, 1 true and 1 predicted cells\n{names[1]}",
        f"median: F1 0.500, 2 true and 2 predicted cells\n{names[0]}",
        f"worst: F1 0.500, 2 true and 2 predicted cells\n{names[0]}",
    ]
    image, drawn = list(panels.cells.values())[2]
    assert image.shape == (HEIGHT, WIDTH)
    assert {name: bool(outline.any()) for name, outline in drawn.items()} == {
        "found": True,
        "false": True,
        "missed": True,
    }
    assert next(iter(panels.foreground)).endswith(names[0])


def test_outlines_of_cells_say_which_were_found(tmp_path: Path):
    predictions = perfect_predictions(tmp_path)
    shifted = [annotation(1, 1, 4, 4, 16), annotation(2, 1, 34, 2, 12)]
    write_results(predictions.parents[1] / "test.json", Coco([], shifted))
    drawn = cell_agreement(tasks_of(predictions)[0], 0.0)
    assert {name: (int(outline.sum()), bool(outline[4, 4])) for name, outline in drawn.items()} == {
        "found": (60, True),
        "false": (44, False),
        "missed": (44, False),
    }
    assert drawn["false"][2, 34]
    assert drawn["missed"][10, 26]


def test_cells_below_the_floor_are_not_drawn(tmp_path: Path):
    first = tasks_of(perfect_predictions(tmp_path))[0]
    at, above = (cell_agreement(first, floor) for floor in (0.9, 0.91))
    assert (at["found"].any(), at["missed"].any()) == (True, False)
    assert not above["found"].any()
    assert not above["false"].any()
    assert np.array_equal(above["missed"], at["found"])
