"""What is drawn of the best, the median and the worst image of a split."""

from typing import NamedTuple

import numpy as np

from monolayer.evaluation.cells import certain_cells, true_cells
from monolayer.evaluation.foreground import ImageScore
from monolayer.evaluation.split import Evaluation
from monolayer.evaluation.tasks import TruthTask, predicted_cells, truth_and_prediction
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.metrics.boundary import outlines_of_runs
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.metrics.matching import match


def best_median_worst(scores: list[ImageScore]) -> dict[str, ImageScore]:
    """Return the images of highest, middle and lowest Dice; of equal ones, the smaller image id first.

    >>> score = lambda i, tp: ImageScore("unet", "test", "clean", i, f"{i}.tif", "BV2", tp, 0, 10 - tp, 0)
    >>> chosen = best_median_worst([score(1, 2), score(2, 9), score(3, 5)])
    >>> [(name, score.image_id) for name, score in chosen.items()]
    [('best', 2), ('median', 3), ('worst', 1)]
    """
    ordered = sorted(scores, key=lambda score: (-score.dice, score.image_id))
    return {"best": ordered[0], "median": ordered[len(ordered) // 2], "worst": ordered[-1]}


class Panels(NamedTuple):
    """What is drawn of a few images, by a caption."""

    foreground: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    """Image, uint8 [H, W], its truth and its prediction, bool [H, W]."""
    cells: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]
    """Image, and the outlines, bool [H, W], of found, false and missed cells."""


def example_images(evaluation: Evaluation, tasks: list[TruthTask], images: ImageFolder) -> Panels:
    """Return what is drawn of the images of highest, middle and lowest Dice of a split."""
    by_id = {task.image.id: task for task in tasks}
    panels = Panels({}, {})
    for place, score in best_median_worst(evaluation.scores).items():
        task = by_id[score.image_id]
        image = read_image(images.path(score.file_name, evaluation.split), task.image)
        caption = f"{place}: Dice {score.dice:.3f}\n{score.file_name}"
        panels.foreground[caption] = (image, *truth_and_prediction(task, evaluation.threshold))
        panels.cells[caption] = (image, cell_agreement(task, evaluation.score_floor))
    return panels


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
