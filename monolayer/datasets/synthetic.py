"""The embedded data set: rendered fields of eight cell types, with LIVECell's defects planted in it."""

from functools import partial
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
from pydantic import Field

from monolayer.annotations.coco import SPLITS, write_coco
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._settings import DatasetSettings
from monolayer.images.files import read_image, write_tiff, write_whole
from monolayer.synthesis.cell_types import CELL_TYPES, cell_type
from monolayer.synthesis.copies import CHANGES
from monolayer.synthesis.defects import DefectSettings, manifest
from monolayer.synthesis.field import render_field
from monolayer.synthesis.pictures import Cell, Picture, number, to_coco
from monolayer.synthesis.plan import PlannedImage, plan_images, plan_spares
from monolayer.synthesis.planting import Planting
from monolayer.synthesis.randomness import generator

FOLDERS = {
    "train": "images/livecell_train_val_images",
    "val": "images/livecell_train_val_images",
    "test": "images/livecell_test_images",
}
ABOUT = {
    "name": "Monolayer's synthetic phase-contrast images",
    "licence": "MIT",
    "citation": "Rendered by monolayer.synthesis; no real image was used.",
    "source": "synthetic",
}


class Settings(DatasetSettings):
    """What is rendered."""

    seed: int = Field(default=0, ge=0)
    """Another seed gives other cells."""
    cell_types: list[str] = Field(default=list(CELL_TYPES), min_length=1)
    """Which of LIVECell's types."""
    train_images: int = Field(default=4, ge=1)
    """Images of each cell type, without the planted copies."""
    val_images: int = Field(default=2, ge=1)
    """As above."""
    test_images: int = Field(default=3, ge=1)
    """As above."""
    width: int = Field(default=704, ge=32)
    """Pixels."""
    height: int = Field(default=520, ge=32)
    """Pixels."""
    defects: DefectSettings = DefectSettings()
    """How many of each defect are planted; they are listed in defects.csv."""


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Render the data set below `folder`, in LIVECell's layout; nothing is fetched, `scratch` stays unused.

    Fields of view are rendered where `compute` says; the files do not depend on it.

    Raises
    ------
    InputError
        A cell type is unknown, or there are too few images for the defects.
    """
    for name in settings.cell_types:
        cell_type(name)
    sound = plan_images(settings.cell_types, settings.train_images, settings.val_images, settings.test_images)
    spares = plan_spares(settings.cell_types, settings.defects.spares)
    pictures = render_files(settings, folder, [*sound, *spares], compute)
    size = (settings.width, settings.height)
    planting = Planting(
        pictures[: len(sound)], pictures[len(sound) :], size, generator("defects", settings.seed)
    )
    planting.plant(settings.defects)
    _write_copies(folder, planting.pictures)
    number(planting.pictures)
    for split in SPLITS:
        listed = [picture for picture in planting.pictures if picture.split == split]
        write_coco(folder / "annotations" / f"{split}.json", to_coco(listed, settings.height, settings.width))
    write_whole(folder / "defects.csv", manifest(planting.defects).encode())
    write_whole(folder / "dataset.json", msgspec.json.format(msgspec.json.encode(ABOUT), indent=2) + b"\n")


def render_files(
    settings: Settings, folder: Path, plan: list[PlannedImage], compute: ComputeSettings
) -> list[Picture]:
    """Render the planned images into files; the pictures come back in the order of the plan."""
    for path in set(FOLDERS.values()):
        (folder / path).mkdir(parents=True, exist_ok=True)
    fields = [list(group) for _, group in groupby(plan, key=lambda planned: planned.field)]
    rendered = map_parallel(partial(_render_field, settings, folder), fields, compute)
    polygons = [outlines for field in rendered for outlines in field]
    return [
        Picture(planned.split, planned.file_name, [Cell(polygon) for polygon in outlines])
        for planned, outlines in zip(plan, polygons, strict=True)
    ]


def _render_field(settings: Settings, folder: Path, plan: list[PlannedImage]) -> list[list[np.ndarray]]:
    first = plan[0]
    times = [planned.minutes for planned in plan]
    seed = f"{settings.seed}/{first.field}"
    views = render_field(first.cell_type, seed, times, settings.height, settings.width)
    for planned, (image, _) in zip(plan, views, strict=True):
        write_tiff(_path(folder, planned), image, compression="lzw")
    return [polygons for _, polygons in views]


def _write_copies(folder: Path, pictures: list[Picture]) -> None:
    for picture in pictures:
        if picture.original is not None and picture.on_disk:
            source, path = _path(folder, picture.original), _path(folder, picture)
            if path != source:
                write_tiff(path, CHANGES[picture.change].pixels(read_image(source)), compression="lzw")


def _path(folder: Path, picture: Picture | PlannedImage) -> Path:
    return folder / FOLDERS[picture.split] / picture.file_name
