"""All thresholds on all images of a split."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)
from pydantic import Field

from monolayer.annotations.coco import Coco, Image, cell_type_of
from monolayer.baseline.texture import TextureSettings, texture_threshold
from monolayer.baseline.thresholds import HISTOGRAM_FILTERS, dilate_erode, histogram_threshold
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.foreground import ImageScore, summarise
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.metrics.overlap import confusion
from monolayer.parameters import Settings


class BaselineSettings(Settings):
    """What the thresholds do after and besides choosing a grey level; lengths in pixels."""

    dilate_radius: int = Field(default=9, ge=0)
    """Morphology: discs of this radius first join the dark lines around cells."""
    erode_radius: int = Field(default=11, ge=0)
    """Morphology: discs of this radius then take the joined areas back."""
    texture: TextureSettings = TextureSettings()


class _Task(NamedTuple):
    split: str
    image: Image
    path: Path
    truth: Path


def threshold_masks(image: np.ndarray, settings: BaselineSettings) -> dict[str, np.ndarray]:
    """Return every method's foreground of a uint8 [H, W] image, bool [H, W] by the method's name."""
    masks = {}
    for method in HISTOGRAM_FILTERS:
        masks[method] = histogram_threshold(image, method)
        masks[f"{method}+morphology"] = dilate_erode(
            masks[method], settings.dilate_radius, settings.erode_radius
        )
    masks["texture"] = texture_threshold(image, settings.texture)
    return masks


def score_thresholds(
    coco: Coco,
    split: str,
    images: ImageFolder,
    truth: Path,
    settings: BaselineSettings,
    compute: ComputeSettings,
) -> list[ImageScore]:
    """Score every threshold on every image of a split whose cells are all annotated.

    Parameters
    ----------
    coco
        The split's cleaned annotations.
    split
        Its name.
    images
        Where the images are.
    truth
        Folder of the split's foreground masks, ``<image id>.png``.
    settings, compute
        How to threshold, and where.

    Returns
    -------
    list of ImageScore
        In the order of the images; of each image, every method.

    Raises
    ------
    InputError
        An image or a mask is missing or cannot be read.
    """
    tasks = [
        _Task(split, image, images.path(image.file_name, split), truth / f"{image.id}.png")
        for image in coco.images
        if image.truth == "complete"
    ]
    by_image = map_parallel(partial(_score_image, settings=settings), tasks, compute)
    return [score for scores in by_image for score in scores]


def _score_image(task: _Task, settings: BaselineSettings) -> list[ImageScore]:
    # The work is already spread over images: more threads would only compete.
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = read_image(task.path, task.image)
    truth = read_image(task.truth, task.image) > 0
    return [
        ImageScore(
            method,
            task.split,
            "clean",
            task.image.id,
            task.image.file_name,
            cell_type_of(task.image),
            *confusion(truth, mask).tolist(),
        )
        for method, mask in threshold_masks(image, settings).items()
    ]


def baseline_metrics(scores: list[ImageScore]) -> dict[str, Any]:
    """Return ``{split: {method: {overall, by_cell_type}, best}}``; best is the method of the highest Dice.

    Raises
    ------
    InputError
        There are no scores.
    """
    if not scores:
        raise InputError("no val or test image has all its cells annotated: thresholds cannot be scored")
    metrics: dict[str, Any] = {}
    for split in dict.fromkeys(score.split for score in scores):
        of_split = [score for score in scores if score.split == split]
        by_method = {
            method: summarise([score for score in of_split if score.method == method])
            for method in dict.fromkeys(score.method for score in of_split)
        }
        metrics[split] = {"best": max(by_method, key=lambda m: by_method[m]["overall"]["dice"]), **by_method}
    return metrics
