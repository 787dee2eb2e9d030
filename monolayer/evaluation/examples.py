"""What is drawn of the best, the median and the worst image of a split."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from monolayer.evaluation.cells import certain_cells, score_cells, true_cells
from monolayer.evaluation.split import Evaluation
from monolayer.evaluation.tasks import TruthTask, predicted_cells, truth_and_prediction
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.metrics.boundary import outlines_of_runs
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.metrics.matching import match


def best_median_worst(scores: Mapping[int, float]) -> dict[str, int]:
    """Return the ids of the images of highest, middle and lowest score; of equal ones, the smaller id first.

    >>> best_median_worst({1: 0.2, 2: 0.9, 3: 0.5})
    {'best': 2, 'median': 3, 'worst': 1}
    """
    ordered = sorted(scores, key=lambda image_id: (-scores[image_id], image_id))
    return {"best": ordered[0], "median": ordered[len(ordered) // 2], "worst": ordered[-1]}


class Panels(NamedTuple):
    """What is drawn of a few images, by a caption."""

    foreground: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    """Image, uint8 [H, W], its truth and its prediction, bool [H, W]."""
    cells: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]
    """Image, and the outlines, bool [H, W], of found, false and missed cells."""


def example_images(evaluation: Evaluation, tasks: list[TruthTask], images: ImageFolder) -> Panels:
    """Return what is drawn of the best, the median and the worst image of a split.

    The foreground is drawn of those by Dice, the cells of those by their F1 at an IoU of 0.5.
    """
    by_id = {task.image.id: task for task in tasks}
    panels = Panels({}, {})
    dices = {score.image_id: score.dice for score in evaluation.scores}
    for place, image_id in best_median_worst(dices).items():
        task = by_id[image_id]
        caption = f"{place}: Dice {dices[image_id]:.3f}\n{task.image.file_name}"
        image = _read(task, evaluation, images)
        panels.foreground[caption] = (image, *truth_and_prediction(task, evaluation.threshold))
    cells = {own.image.id: own for own in evaluation.cells}
    f1 = {image_id: score_cells([own], "f1_50") for image_id, own in cells.items()}
    for place, image_id in best_median_worst(f1).items():
        task, counts = by_id[image_id], cells[image_id].counts
        numbers = f"{counts.true.sum()} true and {counts.predicted.sum()} predicted cells"
        caption = f"{place}: F1 {f1[image_id]:.3f}, {numbers}\n{task.image.file_name}"
        panels.cells[caption] = (
            _read(task, evaluation, images),
            cell_agreement(task, evaluation.score_floor),
        )
    return panels


def _read(task: TruthTask, evaluation: Evaluation, images: ImageFolder) -> np.ndarray:
    return read_image(images.path(task.image.file_name, evaluation.split), task.image)


def cell_agreement(task: TruthTask, score_floor: float) -> dict[str, np.ndarray]:
    """Return the outlines, bool [H, W], of the cells ``found`` at an IoU of 0.5, ``false`` and ``missed``.

    Predicted cells with a score below the floor are left out.
    """
    height, width = task.image.height, task.image.width
    truth = true_cells(task.truth).runs
    prediction, scores = predicted_cells(task)
    prediction, count = certain_cells(prediction, scores, score_floor)
    overlap = instance_overlap(truth, len(task.truth.areas), prediction, count)
    matched = match(overlap, 0.5)
    found = np.isin(prediction.cell, overlap.predicted[matched])
    missed = ~np.isin(truth.cell, overlap.true[matched])
    drawn = {
        "found": prediction.select(found),
        "false": prediction.select(~found),
        "missed": truth.select(missed),
    }
    return {name: outlines_of_runs(runs, height, width) for name, runs in drawn.items()}
