"""A folder of images with a label image for each: what Cellpose, StarDist and most annotation tools write."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from pydantic import Field

from monolayer.annotations.coco import Image
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._description import write_description
from monolayer.datasets._label_images import LabelledImage, read_labelled
from monolayer.datasets._own import OwnDataSettings
from monolayer.datasets._splits import divide, write_splits
from monolayer.download.disk import copy_images
from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS
from monolayer.images.label_files import ARRAY_ENDING

REMEDY = "correct the label image, or remove it and its image"


class Settings(OwnDataSettings):
    """Where images and label images are."""

    images: str
    """Folder that holds the images, in any sub-folders; grey or colour, 8 or 16 bit."""
    labels: str | None = None
    """Folder that holds the label images in the same sub-folders; None where they lie beside the images."""
    suffixes: list[str] = Field(default=["_masks", "_labels"])
    """A label image has its image's name with one of these, as PNG, TIFF or NumPy array: ``a.tif`` and
    ``a_masks.png``. The bare name will do in a folder of its own, or for an array: ``a.tif``, ``a.npy``."""
    table: str | None = None
    """CSV file with the cell type of each image; the splits then have the same fractions of each."""
    file_column: str = "file"
    """The table's column with the names of the image files."""
    type_column: str = "cell_type"
    """The table's column with their cell types."""


class _Pair(NamedTuple):
    image: Path
    labels: Path


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Copy the images, and write their cells in LIVECell's layout.

    Parameters
    ----------
    settings
        Where the data are.
    folder
        Gets ``images/`` with the images under their own relative paths, ``annotations/{train,val,test}.json``
        with a run-length code for each label, and ``dataset.json``.
    scratch
        Not used.
    compute
        Where the work over images runs.

    Raises
    ------
    InputError
        A folder is missing or without images, an image has no label image or several, a label image has
        another size or holds no labels, the table is missing or lacks a column or an image, a split is empty,
        or the disk has no room.
    """
    root = _folder(settings.images, "images")
    label_root = root if settings.labels is None else _folder(settings.labels, "labels")
    pairs = _pairs(root, label_root, settings.suffixes)
    cell_types = _cell_types(settings, [pair.image.name for pair in pairs])
    parts = divide(cell_types, settings.split, settings.seed)
    for split, part in parts.items():
        if not part:
            raise InputError(f"split {split} is empty: {len(pairs)} images are too few for `split`")
    labelled = map_parallel(_read, pairs, compute)
    copy_images((pair.image for pair in pairs), root, folder / "images")
    images = [
        Image(number, pair.image.relative_to(root).as_posix(), own.width, own.height, cell_type)
        for number, (pair, own, cell_type) in enumerate(zip(pairs, labelled, cell_types, strict=True))
    ]
    annotations = [own.annotations for own in labelled]
    write_splits(folder / "annotations", images, annotations, parts)
    write_description(folder, settings.description(settings.images))


def _folder(path: str, key: str) -> Path:
    if not Path(path).is_dir():
        raise InputError(f"{key}: {Path(path).absolute()} is no folder: give the folder that holds the {key}")
    return Path(path)


def _pairs(root: Path, label_root: Path, suffixes: list[str]) -> list[_Pair]:
    pictures = sorted(path for path in root.rglob("*") if path.suffix.lower() in IMAGE_ENDINGS)
    find = partial(_label_image, root=root, label_root=label_root, suffixes=suffixes)
    images = [path for path in pictures if not path.stem.endswith(tuple(suffixes))]
    if not images:
        raise InputError(f"images: no image is below {root}: its files must end with {_list(IMAGE_ENDINGS)}")
    return [_Pair(image, find(image)) for image in images]


def _label_image(image: Path, root: Path, label_root: Path, suffixes: list[str]) -> Path:
    folder = label_root / image.relative_to(root).parent
    endings = (*IMAGE_ENDINGS, ARRAY_ENDING)
    names = [f"{image.stem}{suffix}{ending}" for suffix in suffixes for ending in endings]
    names += [f"{image.stem}{ending}" for ending in (endings if label_root != root else (ARRAY_ENDING,))]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise InputError(
            f"{image} has no label image: expected {image.stem} with {_list(suffixes)} and the ending .png, "
            f".tif or .npy in {folder}. Add it, correct `labels` or `suffixes`, or move the image elsewhere"
        )
    if len(found) > 1:
        raise InputError(f"{image} has several label images: {_list(found)}. Keep one of them")
    return found[0]


def _cell_types(settings: Settings, names: list[str]) -> list[str]:
    if settings.table is None:
        return [settings.cell_type] * len(names)
    path, columns = Path(settings.table), (settings.file_column, settings.type_column)
    if not path.is_file():
        raise InputError(f"table: {path.absolute()} not found: give the path of a CSV file, or null")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(
            f"{path} has no column {missing[0]}: its columns are {_list(table.columns)}. Name them by "
            "`file_column` and `type_column`"
        )
    by_name = dict(zip(*(table[column] for column in columns), strict=True))
    unlisted = [name for name in names if name not in by_name]
    if unlisted:
        raise InputError(f"{path} does not list {unlisted[0]}: add it, with its cell type")
    return [by_name[name] for name in names]


def _read(pair: _Pair) -> LabelledImage:
    return read_labelled(pair.image, pair.labels, REMEDY)


def _list(items: object) -> str:
    return ", ".join(str(item) for item in items)  # type: ignore[attr-defined]
