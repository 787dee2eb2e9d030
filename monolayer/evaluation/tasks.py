"""One image to be scored: what is annotated in it, and what a model predicted."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.annotations.coco import Coco, Image
from monolayer.annotations.rasterise import CellRuns, cell_runs, foreground_mask
from monolayer.errors import InputError
from monolayer.evaluation.cells import AnnotatedImage, annotated_images
from monolayer.images.files import read_pixel_map
from monolayer.predictions.files import Result


class TruthTask(NamedTuple):
    """One image's annotations and prediction, light enough to travel to another process."""

    truth: AnnotatedImage
    prediction: Path
    """Of the foreground, ``<image id>.png``."""
    results: list[Result]
    """Predicted cells."""

    @property
    def image(self) -> Image:
        """The image."""
        return self.truth.image


def truth_tasks(coco: Coco, foreground: Path, results: dict[int, list[Result]]) -> list[TruthTask]:
    """Pair each annotated image of a split with its foreground in a folder and its cells, by image id."""
    annotated = [image for image in coco.images if image.truth != "none"]
    return [
        TruthTask(truth, foreground / f"{truth.image.id}.png", results[truth.image.id])
        for truth in annotated_images(coco, annotated)
    ]


def truth_and_prediction(task: TruthTask, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted foreground of one image, bool [H, W] each."""
    truth, levels = truth_and_levels(task)
    return truth, levels >= threshold * 255


def truth_and_levels(task: TruthTask) -> tuple[np.ndarray, np.ndarray]:
    """Return the true foreground, bool [H, W], and the predicted probability, uint8 [H, W]."""
    image = task.image
    truth = foreground_mask(task.truth.segmentations, image.height, image.width)
    return truth, read_pixel_map(task.prediction, image)


def predicted_cells(task: TruthTask) -> tuple[CellRuns, np.ndarray]:
    """Return pixels and scores, float64 [P], of an image's predicted cells."""
    try:
        runs = cell_runs([cell.segmentation for cell in task.results], task.image.height, task.image.width)
    except InputError as error:
        raise InputError(f"predicted cells of {task.image.file_name}: {error}") from None
    return runs, np.array([cell.score for cell in task.results], dtype=np.float64)
