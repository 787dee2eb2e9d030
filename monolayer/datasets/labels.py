"""A folder of images with a label image for each: what Cellpose, StarDist and most annotation tools write."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from pydantic import Field

from monolayer.annotations.cell_types import require_name
from monolayer.annotations.coco import Annotation, Image
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._description import write_description
from monolayer.datasets._label_folder import Pair, find_pairs
from monolayer.datasets._label_images import ForegroundMasks, LabelledImage, read_labelled
from monolayer.datasets._own import OwnDataSettings, Part
from monolayer.datasets._recordings import FRAME_COLUMN, Columns
from monolayer.datasets._split_files import write_splits
from monolayer.datasets._streams import in_chunks
from monolayer.datasets._table import read_rows
from monolayer.download.disk import copy_images
from monolayer.errors import InputError
from monolayer.images.files import read_channel

REMEDY = "correct the label image, or remove it and its image"


class Settings(OwnDataSettings):
    """Where images and label images are."""

    images: str
    """Folder that holds the images, in any sub-folders; grey or colour, 8 or 16 bit."""
    labels: str | None = None
    """Folder that holds the label images in the same sub-folders; None where they lie beside the images."""
    suffixes: list[str] = Field(
        default=["_masks", "_labels", "_cp_masks", "_mask", "_label", "-labels", "-labelled", "-mask"]
    )
    """A label image has its image's name with one of these, as PNG, TIFF or NumPy array: ``a.tif`` and
    ``a_masks.png``; Cellpose writes ``_cp_masks``, QuPath ``-labels`` and ``-labelled``. The bare name will
    do in a folder of its own, or for an array: ``a.tif``, ``a.npy``."""
    foreground_masks: ForegroundMasks = "refuse"
    """What to do with a mask of 0 and 255, 0 and 1 or the like, which does not say where one cell ends and
    the next begins: ``refuse`` it, or take each ``connected`` part for a cell."""
    table: str | None = None
    """CSV file with the cell type of each image, by its path below the folder, or by its bare name where one
    image alone has it."""
    file_column: str = "file"
    """The table's column with the names of the image files."""
    type_column: str = "cell_type"
    """The table's column with their cell types."""


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Copy the images, and write their cells in LIVECell's layout.

    An image whose label image is empty stays as one without cells. What is odd about label images, without
    being an error, is named on the screen.

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
        another size or holds no labels, the table is missing or lacks a column or an image, `group` or
        `sequence` do not fit, there are fewer than three images or groups, or the disk has no room.
    """
    root = _folder(settings.images, "images")
    label_root = root if settings.labels is None else _folder(settings.labels, "labels")
    pairs, left_over = find_pairs(root, label_root, settings.suffixes)
    if left_over:
        _say(f"{len(left_over)} label images belong to no image, such as {left_over[0]}")
    names = [pair.image.relative_to(root).as_posix() for pair in pairs]
    cell_types, columns = _types_and_columns(settings, names)
    for cell_type in sorted(set(cell_types)):
        require_name(cell_type, settings.table or "params.yaml")
    parts = settings.divide(names, cell_types, columns)
    listed = [
        Image(number, name, 0, 0, cell_type)
        for number, (name, cell_type) in enumerate(zip(names, cell_types, strict=True))
    ]
    listed = settings.completed(listed, columns)
    order = [number for part in parts.values() for number in part]
    read = partial(_read, part=settings.part, masks=settings.foreground_masks)
    chunks = in_chunks(pairs[number] for number in order)
    labelled = chain.from_iterable(map_parallel(read, chunk, compute) for chunk in chunks)
    doubts: list[str] = []
    drawn = _drawn([listed[number] for number in order], labelled, doubts)
    write_splits(folder / "annotations", parts, drawn)
    if doubts:
        _say(f"{len(doubts)} of {len(pairs)} label images may be none, such as {doubts[0]}; look at them")
    copy_images((pair.image for pair in pairs), root, folder / "images")
    write_description(folder, settings.description(settings.images))


def _folder(path: str, key: str) -> Path:
    if not Path(path).is_dir():
        raise InputError(f"{key}: {Path(path).absolute()} is no folder: give the folder that holds the {key}")
    return Path(path)


def _say(text: str) -> None:
    print(f"download: {text}", file=sys.stderr)


def _types_and_columns(settings: Settings, names: Sequence[str]) -> tuple[list[str], Columns]:
    """Return the cell type of each image, and what else its row of the table says of it."""
    if settings.table is None:
        return [settings.cell_type] * len(names), {}
    others = [settings.group, settings.sequence, FRAME_COLUMN if settings.sequence else None]
    table = read_rows(Path(settings.table), names, settings.file_column, [settings.type_column], others)
    return table[settings.type_column].tolist(), {name: table[name].tolist() for name in table}


def _read(pair: Pair, part: Part, masks: ForegroundMasks) -> LabelledImage:
    height, width = read_channel(pair.image, *part).shape
    return read_labelled(pair.labels, (height, width), REMEDY, masks)


def _drawn(
    images: Sequence[Image], labelled: Iterator[LabelledImage], doubts: list[str]
) -> Iterator[tuple[Image, list[Annotation]]]:
    """Yield images with their cells; collect what speaks against their label images."""
    for image, own in zip(images, labelled, strict=True):
        if own.doubt:
            doubts.append(f"that of {image.file_name}: {own.doubt}")
        yield own.described(image), own.annotations
