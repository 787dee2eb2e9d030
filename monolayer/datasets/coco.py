"""A user's own data: a folder of images and COCO annotation files."""

from pathlib import Path
from typing import Literal

import msgspec
from pydantic import field_validator

from monolayer.annotations.coco import Coco, Image, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._description import write_description
from monolayer.datasets._foreign_coco import ForeignCoco, ForeignImage, convert_annotation, read_foreign_coco
from monolayer.datasets._own import OwnDataSettings
from monolayer.datasets._splits import SPLITS, Split
from monolayer.download.disk import copy_images
from monolayer.errors import InputError
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder


class Settings(OwnDataSettings):
    """Where the images and annotations are, and what they are."""

    images_without_annotations: Literal["unannotated", "empty"] = "unannotated"
    """What a listed image without annotations is: one that nobody has annotated, which the cleaning removes,
    or one without cells, which stays, so that cells that are predicted there count as false ones."""
    images: str
    """Folder that holds the images, in any sub-folders."""
    annotations: str | dict[Split, str]
    """One COCO file, divided by `split`, or one for each of train, val and test. All categories count as
    "cell"; crowd regions (``iscrowd: 1``) are no cells and are left out, which dataset.json counts."""

    @field_validator("annotations")
    @classmethod
    def _three_files(cls, value: str | dict[Split, str]) -> str | dict[Split, str]:
        if isinstance(value, dict) and set(value) != set(SPLITS):
            raise ValueError("give one file, or one for each of train, val and test")
        return value


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
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
    compute
        Where the work over images runs.

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
    _bring_images(source, contents, folder / "images")
    for split, content in contents.items():
        coco = _convert(content, split, source, settings.cell_type)
        write_coco(folder / "annotations" / f"{split}.json", _completed(coco, settings))
    crowds = sum(annotation.iscrowd for content in contents.values() for annotation in content.annotations)
    write_description(folder, settings.description(settings.images, crowds))


def _image_folder(images: str) -> ImageFolder:
    root = Path(images)
    if not root.is_dir():
        raise InputError(f"images: {root.absolute()} is no folder: give the folder that holds the images")
    return ImageFolder(root)


def _read_splits(settings: Settings) -> dict[Split, ForeignCoco]:
    if isinstance(settings.annotations, dict):
        return {split: read_foreign_coco(Path(settings.annotations[split])) for split in SPLITS}
    whole = read_foreign_coco(Path(settings.annotations))
    names, types = ([getattr(image, key) for image in whole.images] for key in ("file_name", "cell_type"))
    parts = settings.divide(names, types)
    return {split: _subset(whole, positions) for split, positions in parts.items()}


def _subset(whole: ForeignCoco, positions: list[int]) -> ForeignCoco:
    images = [whole.images[position] for position in positions]
    ids = {image.id for image in images}
    return ForeignCoco(images, [a for a in whole.annotations if a.image_id in ids], whole.path)


def _bring_images(source: ImageFolder, contents: dict[Split, ForeignCoco], images: Path) -> None:
    listed = [(image.file_name, split) for split, content in contents.items() for image in content.images]
    paths = {path for name, split in listed if (path := source.find(name, split)) is not None}
    if not paths:
        example = listed[0][0]
        raise InputError(
            f"none of the listed images, such as {example}, is below {source.root}: correct `images`"
        )
    copy_images(paths, source.root, images)


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


def _completed(coco: Coco, settings: Settings) -> Coco:
    """Return a split whose images know their recordings, and whether they were found to have no cell."""
    images = settings.in_sequences(coco.images)
    if settings.images_without_annotations == "empty":
        annotated = {annotation.image_id for annotation in coco.annotations}
        images = [msgspec.structs.replace(image, empty=image.id not in annotated) for image in images]
    return Coco(images, coco.annotations)
