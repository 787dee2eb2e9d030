"""A user's own data: a folder of images and COCO annotation files."""

import math
import shutil
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import Field, field_validator

from monolayer.coco import Coco, Image, write_coco
from monolayer.datasets._description import Description, write_description
from monolayer.datasets._foreign_coco import ForeignCoco, ForeignImage, convert_annotation, read_foreign_coco
from monolayer.datasets._settings import DatasetSettings
from monolayer.disk import require_space
from monolayer.errors import InputError
from monolayer.images import ImageFolder, read_image
from monolayer.parameters import Number

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


class Settings(DatasetSettings):
    """Where the images and annotations are, and what they are."""

    images: str
    """Folder that holds the images, in any sub-folders."""
    annotations: str | dict[Split, str]
    """One COCO file, divided by `split`, or one for each of train, val and test. All categories count as
    "cell"; crowd regions (``iscrowd: 1``) are no cells and are left out, which dataset.json counts."""
    split: dict[Split, Number] = Field(default={"train": 0.7, "val": 0.15, "test": 0.15})
    """Shares of the images of the one annotation file, drawn image by image: where fields of view or wells
    recur, make the three files yourself."""
    seed: int = 0
    """Seeds the draw."""
    cell_type: str = ""
    """Cell type of images whose entry in the COCO file has no ``cell_type`` of its own."""
    name: str = "own data"
    """For dataset.json, as are the two below."""
    licence: str = "unknown"
    citation: str = ""

    @field_validator("annotations")
    @classmethod
    def _three_files(cls, value: str | dict[Split, str]) -> str | dict[Split, str]:
        if isinstance(value, dict) and set(value) != set(SPLITS):
            raise ValueError("give one file, or one for each of train, val and test")
        return value

    @field_validator("split")
    @classmethod
    def _whole(cls, value: dict[Split, float]) -> dict[Split, float]:
        if set(value) != set(SPLITS) or min(value.values()) < 0 or not math.isclose(sum(value.values()), 1):
            raise ValueError("give shares of train, val and test that sum to 1")
        return value


def download(settings: Settings, folder: Path, scratch: Path) -> None:
    """Copy the annotated images and write their annotations in LIVECell's layout.

    Parameters
    ----------
    settings
        Where the data are.
    folder
        Gets ``images/`` with the listed images under their own relative paths,
        ``annotations/{train,val,test}.json`` and ``dataset.json``. Listed images without a file stay in the
        annotations; the deduplicate stage reports them.
    scratch
        Not used.

    Raises
    ------
    InputError
        The folder or a file is missing, an annotation file is not in COCO's form or contradicts itself, a
        split is empty, no listed image has a file, or the disk has no room.
    """
    source = _image_folder(settings.images)
    contents = _read_splits(settings)
    for split, content in contents.items():
        if not content.images:
            raise InputError(f"split {split} is empty: correct its annotation file, or `split` and `images`")
    folder.mkdir(parents=True, exist_ok=True)
    _copy_images(source, contents, folder / "images")
    for split, content in contents.items():
        coco = _convert(content, split, source, settings.cell_type)
        write_coco(folder / "annotations" / f"{split}.json", coco)
    crowds = sum(annotation.iscrowd for content in contents.values() for annotation in content.annotations)
    write_description(folder, _describe(settings, crowds))


def divide(number: int, shares: dict[Split, float], seed: int) -> dict[Split, list[int]]:
    """Draw positions 0..number-1 for each split, at random and without overlap.

    >>> parts = divide(10, {"train": 0.7, "val": 0.2, "test": 0.1}, seed=0)
    >>> [len(part) for part in parts.values()], sorted(sum(parts.values(), []))
    ([7, 2, 1], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    order = np.random.default_rng(seed).permutation(number)
    ends = np.rint(np.cumsum([shares[split] for split in SPLITS]) * number).astype(int)
    parts = np.split(order, ends[:-1])
    return {split: sorted(part.tolist()) for split, part in zip(SPLITS, parts, strict=True)}


def _image_folder(images: str) -> ImageFolder:
    root = Path(images)
    if not root.is_dir():
        raise InputError(f"images: {root.absolute()} is no folder: give the folder that holds the images")
    return ImageFolder(root)


def _read_splits(settings: Settings) -> dict[Split, ForeignCoco]:
    if isinstance(settings.annotations, dict):
        return {split: read_foreign_coco(Path(settings.annotations[split])) for split in SPLITS}
    whole = read_foreign_coco(Path(settings.annotations))
    parts = divide(len(whole.images), settings.split, settings.seed)
    return {split: _subset(whole, positions) for split, positions in parts.items()}


def _subset(whole: ForeignCoco, positions: list[int]) -> ForeignCoco:
    images = [whole.images[position] for position in positions]
    ids = {image.id for image in images}
    return ForeignCoco(images, [a for a in whole.annotations if a.image_id in ids], whole.path)


def _copy_images(source: ImageFolder, contents: dict[Split, ForeignCoco], images: Path) -> None:
    listed = [(image.file_name, split) for split, content in contents.items() for image in content.images]
    paths = sorted({path for name, split in listed if (path := source.find(name, split)) is not None})
    if not paths:
        example = listed[0][0]
        raise InputError(
            f"none of the listed images, such as {example}, is below {source.root}: correct `images`"
        )
    shutil.rmtree(images, ignore_errors=True)
    images.mkdir()
    require_space(images, sum(path.stat().st_size for path in paths), f"Copying the images of {source.root}")
    for path in paths:
        copy = images / path.relative_to(source.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _convert(content: ForeignCoco, split: str, source: ImageFolder, cell_type: str) -> Coco:
    images = [_convert_image(image, split, source, cell_type) for image in content.images]
    by_id = {image.id: image for image in images}
    annotations = [
        convert_annotation(annotation, by_id[annotation.image_id], content.path)
        for annotation in content.annotations
        if not annotation.iscrowd
    ]
    return Coco(images, annotations)


def _convert_image(image: ForeignImage, split: str, source: ImageFolder, cell_type: str) -> Image:
    # The path below the folder is unambiguous where the bare name is not.
    path = source.find(image.file_name, split)
    name = path.relative_to(source.root).as_posix() if path else image.file_name
    width, height = image.width, image.height
    if width is None or height is None:
        height, width = read_image(source.path(image.file_name, split)).shape
    return Image(image.id, name, width, height, image.cell_type or cell_type)


def _describe(settings: Settings, crowds: int) -> Description:
    return Description(
        name=settings.name,
        licence=settings.licence,
        citation=settings.citation,
        source=settings.images,
        crowd_regions_left_out=crowds,
    )
