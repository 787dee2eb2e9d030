"""The cleaning on real images: altered copies found, and images of which cells were left out.

``python -m benchmarks.cleaning_real FOLDER...`` takes folders of images with label images beside them
(``<name>_labels.png`` or ``<name>_masks.png``) or of LIVECell's layout, and writes
benchmarks/results/cleaning_real.json.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image as PillowImage
from scipy import ndimage

from benchmarks.measure import machine, write_result
from monolayer.annotations.coco import Image, annotations_by_image, read_coco
from monolayer.annotations.label_images import label_image
from monolayer.cleaning.completeness import annotation_coverage
from monolayer.cleaning.decisions import remove_useless
from monolayer.cleaning.density import typical_density
from monolayer.cleaning.fingerprint import NO_SIGNS
from monolayer.cleaning.near_copies import link_near_copies
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey, appearance, digest
from monolayer.cleaning.texture import local_variance
from monolayer.cleaning.thumbnails import thumbnail
from monolayer.compute.settings import ComputeSettings
from monolayer.images.decoding import IMAGE_ENDINGS
from monolayer.images.files import read_image, write_tiff

IMAGES = 12
"""Of a set are altered, evenly spread."""
LEFT = {"all cells": 1.0, "50 %": 0.5, "20 %": 0.2, "10 %": 0.1, "5 %": 0.05, "9 cells": 9, "1 cell": 1}
"""Cells that are left of an image's: a fraction, or a number."""
TEXTURE_ALONE = 1e9
"""Of `few_cells`: the check as it was before it compared an image with others."""
Cells = tuple[np.ndarray, np.ndarray]
"""Grey levels and label image, [H, W]."""


def main(folders: list[Path]) -> None:
    result: dict[str, Any] = {"machine": machine()}
    for folder in folders:
        images, annotated = read_set(folder)
        result[folder.name] = {
            "images": len(images),
            "called_copies": _count_links(images),
            "copies": {name: _found(images, alter) for name, alter in ALTERATIONS.items()},
            "tiles_that_share_half": _found_tiles(images),
            "taken_for_incomplete": _incomplete(annotated),
        }
    write_result("cleaning_real", result)


def read_set(folder: Path) -> tuple[list[np.ndarray], list[Cells]]:
    """Read all images of a folder, and those that are annotated with their label images."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in IMAGE_ENDINGS]
    images = {path.name: path for path in files if not path.stem.endswith(("_labels", "_masks"))}
    annotated = []
    for path in images.values():
        for file in (path.with_name(f"{path.stem}_{word}.png") for word in ("labels", "masks")):
            if file.exists():
                annotated.append((read_image(path), np.asarray(imagecodecs.imread(file)).astype(np.int64)))
    for file in sorted(folder.rglob("livecell_coco_*.json")):
        coco = read_coco(file)
        groups = annotations_by_image(coco)
        for image in coco.images:
            segmentations = [annotation.segmentation for annotation in groups[image.id]]
            labels = label_image(segmentations, image.height, image.width, 1)
            annotated.append((read_image(images[image.file_name]), labels.astype(np.int64)))
    return [read_image(path) for path in images.values()], annotated


def _noise(image: np.ndarray, sd: float) -> np.ndarray:
    return image + np.random.default_rng(1).normal(0, sd, image.shape)


def _resize(image: np.ndarray, factor: float) -> np.ndarray:
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BICUBIC))


def _move(image: np.ndarray, pixels: int) -> np.ndarray:
    return np.pad(image, ((pixels, 0), (pixels, 0)), "edge")[:-pixels, :-pixels]


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    grey = np.ascontiguousarray(np.rint(image).clip(0, 255).astype(np.uint8))
    return imagecodecs.jpeg_decode(imagecodecs.jpeg_encode(grey, level=quality))


ALTERATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "inverted": lambda image: 255 - image,
    "cropped by 1 pixel": lambda image: image[1:, 1:],
    "cropped by 5 pixels": lambda image: image[5:, 5:],
    "shifted by 2 pixels": lambda image: _move(image, 2),
    "shifted by 10 pixels": lambda image: _move(image, 10),
    "resized to 50 %": lambda image: _resize(image, 0.5),
    "resized to 75 %": lambda image: _resize(image, 0.75),
    "resized to 200 %": lambda image: _resize(image, 2),
    "noise of 5 grey levels": lambda image: _noise(image, 5),
    "noise of 10 grey levels": lambda image: _noise(image, 10),
    "JPEG of quality 50": lambda image: _jpeg(image, 50),
    "blurred": lambda image: ndimage.gaussian_filter(image.astype(np.float64), 1),
    "inverted, cropped and noisy": lambda image: _noise(255 - image[3:, 2:].astype(np.float64), 5),
    "turned by 90 degrees, JPEG of quality 70": lambda image: _jpeg(np.rot90(image), 70),
}


def _links(images: list[np.ndarray]) -> set[tuple[int, int]]:
    settings = CleaningSettings()
    with tempfile.TemporaryDirectory() as name:
        surveys = [_survey(Path(name), number, image) for number, image in enumerate(images)]
        return {(link.first, link.second) for link in link_near_copies(surveys, settings, ComputeSettings())}


def _survey(folder: Path, number: int, image: np.ndarray) -> Survey:
    path = folder / f"{number}.tif"
    write_tiff(path, np.ascontiguousarray(np.rint(image).clip(0, 255).astype(np.uint8)))
    grey = read_image(path)
    listed = Image(number, path.name, grey.shape[1], grey.shape[0])
    signs, features = appearance(grey, local_variance(grey))
    return Survey(
        "train", listed, path, digest(grey), signs, [], [], None, features=features, thumbnail=thumbnail(grey)
    )


def _count_links(images: list[np.ndarray]) -> int:
    return len(_links(images))


def _spread(images: list[np.ndarray]) -> list[np.ndarray]:
    return images[:: -(-len(images) // IMAGES)]


def _found(images: list[np.ndarray], alter: Callable[[np.ndarray], np.ndarray]) -> dict[str, int]:
    chosen = _spread(images)
    return _compared(chosen, [alter(image) for image in chosen])


def _found_tiles(images: list[np.ndarray]) -> dict[str, int]:
    chosen = _spread(images)
    sides = [2 * image.shape[1] // 3 for image in chosen]
    first = [image[:, :side] for image, side in zip(chosen, sides, strict=True)]
    return _compared(first, [image[:, -side:] for image, side in zip(chosen, sides, strict=True)])


def _compared(originals: list[np.ndarray], copies: list[np.ndarray]) -> dict[str, int]:
    links = _links(originals + copies)
    expected = {(number, number + len(originals)) for number in range(len(originals))}
    return {"of": len(expected), "found": len(links & expected), "false": len(links - expected)}


def _incomplete(annotated: list[Cells]) -> dict[str, dict[str, int]]:
    """Count the images that are taken, by what is left of their cells: by texture alone, and now."""
    rng = np.random.default_rng(0)
    complete = [_with_cells(image, labels, np.unique(labels[labels > 0])) for image, labels in annotated]
    typical = typical_density(complete)
    table = {}
    for name, left in LEFT.items():
        surveys = []
        for image, labels in annotated:
            cells = np.unique(labels[labels > 0])
            number = left if isinstance(left, int) else max(1, round(left * len(cells)))
            if number < len(cells) or (name == "all cells" and len(cells)):
                surveys.append(_with_cells(image, labels, rng.choice(cells, number, replace=False)))
        table[name] = {
            "of": len(surveys),
            "before": _taken(surveys, typical, TEXTURE_ALONE),
            "now": _taken(surveys, typical, CleaningSettings().few_cells),
        }
    return table


def _with_cells(image: np.ndarray, labels: np.ndarray, cells: np.ndarray) -> Survey:
    listed = Image(1, "image.tif", image.shape[1], image.shape[0])
    coverage = annotation_coverage(local_variance(image), np.isin(labels, cells)) if len(cells) else None
    return Survey("train", listed, Path(listed.file_name), b"", NO_SIGNS, cells.tolist(), [], coverage)


def _taken(surveys: list[Survey], typical: Any, few_cells: float) -> int:
    settings = CleaningSettings(few_cells=few_cells)
    removals = (remove_useless(survey, settings, typical) for survey in surveys)
    return sum(removal is not None and removal.reason == "incomplete_annotation" for removal in removals)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
