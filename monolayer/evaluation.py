"""A model's foreground of every image against the truth, on the raw and on the cleaned annotations."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pydantic import Field

from monolayer.coco import Coco, Image, annotations_by_image, cell_type_of
from monolayer.compute import ComputeSettings
from monolayer.errors import InputError
from monolayer.images import ImageFolder, read_image
from monolayer.metrics.overlap import confusion, dice
from monolayer.parallel import map_parallel
from monolayer.parameters import Number, Settings
from monolayer.rasterise import foreground_mask
from monolayer.scores import ImageScore, summarise


class EvaluateSettings(Settings):
    """What counts as predicted foreground."""

    threshold: Number | None = Field(default=None, gt=0, le=1)
    """Foreground probability from which a pixel counts as cell; None for `choose_threshold` on the cleaned
    val images."""


THRESHOLDS = tuple(percent / 100 for percent in range(5, 100, 5))
"""Those that `choose_threshold` tries."""


class TruthTask(NamedTuple):
    """One image's annotations and where its prediction is, light enough to travel to another process."""

    image: Image
    segmentations: list[bytes]
    prediction: Path


class Evaluation(NamedTuple):
    """A split's images against one truth."""

    split: str
    cleaning: str
    """``raw`` or ``clean``: which annotations are the truth."""
    threshold: float
    """Probability from which a pixel was predicted foreground."""
    scores: list[ImageScore]
    """Of the images that have a prediction."""
    unpredicted: list[str]
    """File names of the images that have none."""


def truth_tasks(coco: Coco, predictions: Path) -> list[TruthTask]:
    """Pair each image of a split with its prediction, ``<image id>.png`` in a folder."""
    groups = annotations_by_image(coco)
    return [
        TruthTask(image, [bytes(a.segmentation) for a in groups[image.id]], predictions / f"{image.id}.png")
        for image in coco.images
    ]


def truth_and_prediction(task: TruthTask, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted foreground of one image, bool [H, W] each."""
    truth, levels = _truth_and_levels(task)
    return truth, levels >= threshold * 255


def _truth_and_levels(task: TruthTask) -> tuple[np.ndarray, np.ndarray]:
    """Return the true foreground, bool [H, W], and the predicted probability, uint8 [H, W]."""
    image = task.image
    segmentations = [msgspec.Raw(text) for text in task.segmentations]
    return foreground_mask(segmentations, image.height, image.width), read_image(task.prediction, image)


def choose_threshold(tasks: list[TruthTask], compute: ComputeSettings) -> float:
    """Return the threshold of `THRESHOLDS` with the highest mean Dice; of equal ones, that nearest to 0.5.

    A short training leaves a net's probabilities too low or too high: its ranking of the pixels is better
    than the mask at 0.5 says. Choose on val images, never on test.

    Parameters
    ----------
    tasks
        As `truth_tasks` returns them.
    compute
        Where the work runs.

    Raises
    ------
    InputError
        An image has no prediction, or one of another size.
    """
    counts = np.stack(map_parallel(_count_at_thresholds, tasks, compute))  # (images, thresholds, 4)
    scores = zip(THRESHOLDS, dice(counts).mean(axis=0), strict=True)
    return max(scores, key=lambda pair: (pair[1], -abs(pair[0] - 0.5)))[0]


def _count_at_thresholds(task: TruthTask) -> np.ndarray:
    truth, levels = _truth_and_levels(task)
    return np.stack([confusion(truth, levels >= threshold * 255) for threshold in THRESHOLDS])


def evaluate_split(
    tasks: list[TruthTask], model: str, split: str, cleaning: str, threshold: float, compute: ComputeSettings
) -> Evaluation:
    """Score a model on the images of a split.

    Parameters
    ----------
    tasks
        As `truth_tasks` returns them.
    model, split, cleaning
        What the scores are of.
    threshold
        Probability, in (0, 1], from which a pixel is predicted foreground.
    compute
        Where the work runs.

    Raises
    ------
    InputError
        No image has a prediction, a prediction has another size than its image, or a cleaned image has none:
        only images whose file cannot be read, which cleaning removes, may lack one.
    """
    predicted = [task for task in tasks if task.prediction.exists()]
    unpredicted = [task.image.file_name for task in tasks if not task.prediction.exists()]
    if not predicted:
        raise InputError(f"no image of {split} has a prediction: run `dvc repro -f predict@{model}`")
    if cleaning == "clean" and unpredicted:
        raise InputError(f"{unpredicted[0]} of {split} has no prediction: run `dvc repro -f predict@{model}`")
    counts = map_parallel(partial(_count, threshold=threshold), predicted, compute)
    scores = [
        ImageScore(model, split, cleaning, image.id, image.file_name, cell_type_of(image), *four.tolist())
        for (image, *_), four in zip(predicted, counts, strict=True)
    ]
    return Evaluation(split, cleaning, threshold, scores, unpredicted)


def _count(task: TruthTask, threshold: float) -> np.ndarray:
    return confusion(*truth_and_prediction(task, threshold))


def evaluation_metrics(evaluations: list[Evaluation]) -> dict[str, Any]:
    """Return ``{split: {raw|clean: {overall, by_cell_type, threshold, ...}}}``."""
    metrics: dict[str, Any] = {}
    for evaluation in evaluations:
        metrics.setdefault(evaluation.split, {})[evaluation.cleaning] = {
            **summarise(evaluation.scores),
            "threshold": evaluation.threshold,
            "images_without_prediction": len(evaluation.unpredicted),
            "without_prediction": evaluation.unpredicted,
        }
    return metrics


def best_median_worst(scores: list[ImageScore]) -> dict[str, ImageScore]:
    """Return the images of highest, middle and lowest Dice; of equal ones, the smaller image id first.

    >>> score = lambda i, tp: ImageScore("unet", "test", "clean", i, f"{i}.tif", "BV2", tp, 0, 10 - tp, 0)
    >>> chosen = best_median_worst([score(1, 2), score(2, 9), score(3, 5)])
    >>> [(name, score.image_id) for name, score in chosen.items()]
    [('best', 2), ('median', 3), ('worst', 1)]
    """
    ordered = sorted(scores, key=lambda score: (-score.dice, score.image_id))
    return {"best": ordered[0], "median": ordered[len(ordered) // 2], "worst": ordered[-1]}


def extreme_images(
    evaluation: Evaluation, tasks: list[TruthTask], images: ImageFolder
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return image, truth and prediction of the best, median and worst image, by a caption.

    Parameters
    ----------
    evaluation, tasks
        Of one split: its scores, and what they are of.
    images
        Where the images are.
    """
    by_id = {task.image.id: task for task in tasks}
    panels = {}
    for place, score in best_median_worst(evaluation.scores).items():
        task = by_id[score.image_id]
        image = read_image(images.path(score.file_name, evaluation.split), task.image)
        caption = f"{place}: Dice {score.dice:.3f}\n{score.file_name}"
        panels[caption] = (image, *truth_and_prediction(task, evaluation.threshold))
    return panels
