"""A split of tiny images with square cells, as the stages find it on disk."""

from pathlib import Path

import msgspec
import numpy as np

from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.evaluation.foreground import ImageScore
from monolayer.evaluation.tasks import TruthTask, truth_tasks
from monolayer.images.files import write_png, write_tiff
from monolayer.metrics.files import write_metrics
from monolayer.predictions.files import read_results

HEIGHT, WIDTH = 40, 48


def square(left: int, top: int, side: int) -> list[float]:
    """A polygon that pycocotools draws as rows top..top+side and columns left..left+side, less the last."""
    right, bottom = left + side, top + side
    return [left, top, right, top, right, bottom, left, bottom]


def image(number: int, cell_type: str = "A172") -> Image:
    return Image(number, f"{cell_type}_Phase_A1_1_00d{number:02d}h00m_1.tif", WIDTH, HEIGHT)


def annotation(number: int, image_id: int, left: int, top: int, side: int) -> Annotation:
    return Annotation(
        id=number,
        image_id=image_id,
        segmentation=msgspec.Raw(msgspec.json.encode([square(left, top, side)])),
        area=float(side**2),
        bbox=msgspec.Raw(msgspec.json.encode([left, top, side, side])),
    )


def labels_of(coco: Coco, image_id: int) -> np.ndarray:
    """The label image of an image's squares, uint16 [H, W]."""
    labels = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
    own = [a for a in coco.annotations if a.image_id == image_id]
    for number, cell in enumerate(own, 1):
        left, top, width, height = msgspec.json.decode(cell.bbox, type=list[int])
        labels[top : top + height, left : left + width] = number
    return labels


def textured_image(labels: np.ndarray, seed: int) -> np.ndarray:
    """Grey 128 outside, noise inside the cells; uint8 [H, W]."""
    noise = np.random.default_rng(seed).normal(0, 30, labels.shape)
    return np.clip(np.where(labels > 0, 128 + noise, 128), 0, 255).astype(np.uint8)


def two_images(first_id: int = 1) -> Coco:
    """An A172 image with two cells and a BV2 image with one."""
    images = [image(first_id, "A172"), image(first_id + 1, "BV2")]
    cells = [(1, first_id, 4, 4, 16), (2, first_id, 26, 10, 12), (3, first_id + 1, 10, 10, 20)]
    return Coco(images, [annotation(*cell) for cell in cells])


def of_a_stack(coco: Coco) -> Coco:
    """Let the images be channels of planes of 16 bits; their masks and predictions stay what they are."""
    for item in coco.images:
        item.channel, item.plane, item.limits = "1", 3, (6276.0, 65535.0)
    return coco


def write_split(root: Path, split: str, coco: Coco) -> None:
    """Write annotations (sampled and clean), images, masks and perfect predictions of a model named unet."""
    for folder in ("sampled", "clean"):
        write_coco(root / folder / f"{split}.json", coco)
    folders = {
        name: root / path / split
        for name, path in {
            "images": "images",
            "instance": "masks/instance",
            "semantic": "masks/semantic",
            "foreground": "predictions/unet/foreground",
        }.items()
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    for item in coco.images:
        labels = labels_of(coco, item.id)
        foreground = np.where(labels > 0, np.uint8(255), np.uint8(0))
        write_tiff(folders["images"] / item.file_name, textured_image(labels, item.id))
        write_tiff(folders["instance"] / f"{item.id}.tif", labels)
        write_png(folders["semantic"] / f"{item.id}.png", foreground)
        write_png(folders["foreground"] / f"{item.id}.png", foreground)
    write_results(root / "predictions" / "unet" / f"{split}.json", coco)


def write_results(path: Path, coco: Coco, score: float = 0.9) -> None:
    """Write the true cells as predicted ones."""
    results = [
        {"image_id": cell.image_id, "category_id": 1, "segmentation": cell.segmentation, "score": score}
        for cell in coco.annotations
    ]
    path.write_bytes(msgspec.json.encode(results))


def write_training(path: Path) -> None:
    """Write what the train stage says of a training of two epochs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    losses = {"train_loss": [1.5, 1.0], "val_loss": [1.4, 1.1], "val_dice": [0.5, 0.75]}
    training = {"seconds": 61.4, "device": "CPU, AVX2", "number_format": "32-true", "history": losses}
    path.write_bytes(msgspec.json.encode(training))


def explore_arguments(root: Path) -> dict[str, Path]:
    """The arguments of the explore stage below a folder."""
    metrics = root / "metrics"
    return {
        **_inputs(root),
        "tables": root / "tables",
        "metrics": metrics / "dataset.json",
        "total_images": metrics / "images.json",
        "total_cells": metrics / "cells.json",
        "plots": root / "plots" / "explore",
    }


def baseline_arguments(root: Path) -> dict[str, Path]:
    """The arguments of the baseline stage below a folder."""
    return {
        **_inputs(root),
        "metrics": root / "metrics" / "baseline.json",
        "by_image": root / "metrics" / "by_image" / "baseline.json",
        "table": root / "scores" / "baseline.csv",
        "plots": root / "plots" / "baseline",
    }


def _inputs(root: Path) -> dict[str, Path]:
    return {"annotations": root / "clean", "images": root / "images", "masks": root / "masks"}


def evaluate_arguments(root: Path) -> dict[str, Path]:
    """The arguments of the evaluate stage below a folder; its training is written."""
    metrics = root / "metrics"
    write_training(metrics / "train" / "unet.json")
    return {
        "predictions": root / "predictions" / "unet",
        "training": metrics / "train" / "unet.json",
        "raw": root / "sampled",
        "clean": root / "clean",
        "images": root / "images",
        "metrics": metrics / "unet.json",
        "scores": metrics / "evaluate" / "unet.json",
        "by_image": metrics / "by_image" / "unet.json",
        "table": root / "scores" / "unet.csv",
        "plots": root / "plots" / "evaluate" / "unet",
    }


def compare_arguments(root: Path) -> dict[str, Path]:
    """The arguments of the compare stage below a folder; the names of its models are written."""
    metrics = root / "metrics"
    write_metrics(metrics / "models.json", {"models": ["unet"]})
    return {
        "models": metrics / "models.json",
        "by_image": metrics / "by_image",
        "trainings": metrics / "train",
        "metrics": metrics / "comparison.json",
        "plots": root / "plots" / "comparison",
    }


def image_score(
    method: str, image_id: int, found: int, cell_type: str = "A172", split: str = "test"
) -> ImageScore:
    """Of 100 pixels, 50 are cell, of which `found` are found; nothing is found falsely."""
    return ImageScore(
        method, split, "clean", image_id, f"{image_id}.tif", cell_type, found, 0, 50 - found, 50
    )


def perfect_predictions(folder: Path) -> Path:
    """Write the test images of `two_images` with perfect predictions; return the folder of the foreground."""
    write_split(folder, "test", two_images())
    return folder / "predictions" / "unet" / "foreground" / "test"


def tasks_of(foreground: Path) -> list[TruthTask]:
    """Pair what `perfect_predictions` wrote."""
    results = foreground.parents[1] / "test.json"
    listed = read_results(results, two_images().images) if results.exists() else {1: [], 2: []}
    return truth_tasks(two_images(), foreground, listed)
