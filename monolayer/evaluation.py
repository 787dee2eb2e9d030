"""A model's foreground of every image against the truth, on the raw and on the cleaned annotations."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pydantic import Field

from monolayer.coco import Coco, Image, annotations_by_image, cell_type_of
from monolayer.errors import InputError
from monolayer.images import read_image
from monolayer.metrics.overlap import confusion
from monolayer.parallel import ComputeSettings, map_parallel
from monolayer.parameters import Number, Settings
from monolayer.rasterise import foreground_mask
from monolayer.scores import ImageScore, summarise


class EvaluateSettings(Settings):
    """What counts as predicted foreground."""

    threshold: Number = Field(default=0.5, gt=0, le=1)
    """Foreground probability from which a pixel counts as cell."""


class TruthTask(NamedTuple):
    """One image's annotations and where its prediction is, light enough to travel to another process."""

    image: Image
    segmentations: list[bytes]
    prediction: Path


def tasks_of(coco: Coco, predictions: Path) -> Iterator[TruthTask]:
    """Pair each image of a split with its prediction, ``<image id>.png`` in a folder."""
    groups = annotations_by_image(coco)
    for image in coco.images:
        segmentations = [bytes(annotation.segmentation) for annotation in groups[image.id]]
        yield TruthTask(image, segmentations, predictions / f"{image.id}.png")


def masks_of(task: TruthTask, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted foreground of one image, bool [H, W] each."""
    image = task.image
    segmentations = [msgspec.Raw(text) for text in task.segmentations]
    truth = foreground_mask(segmentations, image.height, image.width)
    return truth, read_image(task.prediction, image) >= threshold * 255


def score_predictions(
    tasks: list[TruthTask],
    method: str,
    split: str,
    cleaning: str,
    settings: EvaluateSettings,
    compute: ComputeSettings,
) -> list[ImageScore]:
    """Score the images of a split that have a prediction, in their order.

    Parameters
    ----------
    tasks
        As `tasks_of` returns them.
    method, split, cleaning
        What the scores are of: the model's name, the split's, and ``raw`` or ``clean``.
    settings, compute
        What counts as foreground, and where the work runs.

    Raises
    ------
    InputError
        No image has a prediction, a prediction has another size than its image, or a cleaned image has none:
        only images whose file is missing, which cleaning removes, may lack one.
    """
    predicted = [task for task in tasks if task.prediction.exists()]
    if not predicted:
        raise InputError(f"no image of {cleaning} {split} has a prediction: run predict@{method} again")
    if cleaning == "clean" and (missing := names_without_prediction(tasks)):
        raise InputError(f"{missing[0]} of split {split} has no prediction: run predict@{method} again")
    score = partial(_score_image, threshold=settings.threshold)
    counts = map_parallel(score, predicted, compute)
    return [
        ImageScore(
            method, split, cleaning, task.image.id, task.image.file_name, cell_type_of(task.image), *four.tolist()
        )
        for task, four in zip(predicted, counts, strict=True)
    ]


def names_without_prediction(tasks: list[TruthTask]) -> list[str]:
    """Return the file names of the images that have no prediction."""
    return [task.image.file_name for task in tasks if not task.prediction.exists()]


def _score_image(task: TruthTask, threshold: float) -> np.ndarray:
    return confusion(*masks_of(task, threshold))


def evaluation_metrics(scores: list[ImageScore], tasks: list[TruthTask]) -> dict[str, Any]:
    """Return the scores of one split and truth, and which images could not be scored."""
    missing = names_without_prediction(tasks)
    return {**summarise(scores), "images_without_prediction": len(missing), "without_prediction": missing}


def best_median_worst(scores: list[ImageScore]) -> dict[str, ImageScore]:
    """Return the images of highest, middle and lowest Dice; of equal ones, the smaller image id first.

    >>> score = lambda i, tp: ImageScore("unet", "test", "clean", i, f"{i}.tif", "BV2", tp, 0, 10 - tp, 0)
    >>> chosen = best_median_worst([score(1, 2), score(2, 9), score(3, 5)])
    >>> [(name, score.image_id) for name, score in chosen.items()]
    [('best', 2), ('median', 3), ('worst', 1)]
    """
    ordered = sorted(scores, key=lambda score: (-score.dice, score.image_id))
    return {"best": ordered[0], "median": ordered[len(ordered) // 2], "worst": ordered[-1]}
