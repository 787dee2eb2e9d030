"""All thresholds on all images of a split."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)
from pydantic import Field

from monolayer.annotations.coco import Image
from monolayer.baseline.sides import Side, choose_side
from monolayer.baseline.texture import TextureSettings, rough, tidied
from monolayer.baseline.thresholds import HISTOGRAM_FILTERS, dilate_erode, histogram_threshold
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.foreground import ImageScore, score_image, summarise
from monolayer.images.files import read_image, read_pixel_map
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


def threshold_masks(
    image: np.ndarray, settings: BaselineSettings, side: Side
) -> Iterator[tuple[str, np.ndarray]]:
    """Iterate over each method's name and its foreground of grey levels [H, W], bool [H, W].

    The thresholds of the histogram take that side; the texture has none.
    """
    return _masks(sitk.GetImageFromArray(image), settings, side)


def _masks(levels: sitk.Image, settings: BaselineSettings, side: Side) -> Iterator[tuple[str, np.ndarray]]:
    # Nothing of a large image is kept beside what takes its place: hence `pop` and `del`.
    for method in HISTOGRAM_FILTERS:
        masks = [histogram_threshold(levels, method, side)]
        yield method, masks[0]
        yield f"{method}+morphology", dilate_erode(masks.pop(), settings.dilate_radius, settings.erode_radius)
    masks = [rough(sitk.GetArrayViewFromImage(levels), settings.texture)]
    del levels  # not sooner: the view does not keep them
    yield "texture", tidied(masks.pop(), settings.texture)


def side_of_cells(
    listed: list[Image], split: str, images: ImageFolder, truth: Path, compute: ComputeSettings
) -> Side:
    """Choose the side of the thresholds on images of a split, at most a hundred, spread evenly over it.

    One side is chosen for all methods, dark where no image is annotated completely.

    Parameters
    ----------
    listed, split, images, truth, compute
        As for `score_thresholds`.

    Raises
    ------
    InputError
        An image or a mask is missing or cannot be read.
    """
    tasks = _tasks(listed, split, images, truth)
    step = max(1, -(-len(tasks) // _IMAGES))
    counts = map_parallel(_count_dark, tasks[::step], compute)
    return choose_side(np.concatenate([np.zeros((0, 4), np.int64), *counts]))


_IMAGES = 100


def _count_dark(task: _Task) -> np.ndarray:
    levels, truth = sitk.GetImageFromArray(_read_grey_levels(task)), _read_truth(task)
    return np.stack([confusion(truth, histogram_threshold(levels, method)) for method in HISTOGRAM_FILTERS])


def score_thresholds(
    listed: list[Image],
    split: str,
    images: ImageFolder,
    truth: Path,
    settings: BaselineSettings,
    compute: ComputeSettings,
    side: Side,
) -> list[ImageScore]:
    """Score every threshold on every image of a split whose cells are all annotated.

    Parameters
    ----------
    listed
        The images of a split, as its cleaned annotations list them.
    split
        Its name.
    images
        Where the images are.
    truth
        Folder of the split's foreground masks, ``<image id>.png``.
    settings, compute
        How to threshold, and where.
    side
        That of the cells, as `side_of_cells` chooses it.

    Returns
    -------
    list of ImageScore
        In the order of the images; of each image, every method.

    Raises
    ------
    InputError
        An image or a mask is missing or cannot be read.
    """
    tasks = _tasks(listed, split, images, truth)
    by_image = map_parallel(partial(_score_image, settings=settings, side=side), tasks, compute)
    return [score for scores in by_image for score in scores]


def _tasks(listed: list[Image], split: str, images: ImageFolder, truth: Path) -> list[_Task]:
    return [
        _Task(split, image, images.path(image.file_name, split), truth / f"{image.id}.png")
        for image in listed
        if image.truth == "complete"
    ]


def _read_grey_levels(task: _Task) -> np.ndarray:
    # The work is already spread over images: more threads would only compete.
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return read_image(task.path, task.image)


def _read_truth(task: _Task) -> np.ndarray:
    return read_pixel_map(task.truth, task.image) > 0


def _score_image(task: _Task, settings: BaselineSettings, side: Side) -> list[ImageScore]:
    masks = threshold_masks(_read_grey_levels(task), settings, side)
    truth = _read_truth(task)
    scores = []
    for method, mask in masks:
        counts = confusion(truth, mask)
        scores.append(score_image(method, task.split, "clean", task.image, counts))
        del mask  # before the next one takes memory
    return scores


def baseline_metrics(scores: list[ImageScore], side: Side) -> dict[str, Any]:
    """Return ``{split: {method: {overall, by_cell_type}, best}}``; best is the method of the highest Dice.

    Those of the histogram have their `side`, too.

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
            method: _side(method, side) | summarise([score for score in of_split if score.method == method])
            for method in dict.fromkeys(score.method for score in of_split)
        }
        metrics[split] = {"best": max(by_method, key=lambda m: by_method[m]["overall"]["dice"]), **by_method}
    return metrics


def _side(method: str, side: Side) -> dict[str, Any]:
    return {"side": side} if method.partition("+")[0] in HISTOGRAM_FILTERS else {}
