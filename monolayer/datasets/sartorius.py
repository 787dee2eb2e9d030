"""Sartorius: the cells of the Kaggle competition "Sartorius - Cell Instance Segmentation" (2021).

606 images of LIVECell's kind and size, with 73,585 cells of three neuronal types: shsy5y, astro and cort.
"""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd

from monolayer.annotations.coco import Annotation, Image
from monolayer.annotations.run_length_csv import Order, read_codes, read_table
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._archived import opened
from monolayer.datasets._description import Description, SourceFile, write_description
from monolayer.datasets._label_images import annotations_of_cells
from monolayer.datasets._own import Expression
from monolayer.datasets._recordings import groups_of
from monolayer.datasets._settings import DatasetSettings
from monolayer.datasets._split_files import write_splits
from monolayer.datasets._splits import DEFAULT_FRACTIONS, Fractions, Split, divide
from monolayer.datasets._streams import in_chunks
from monolayer.download.disk import copy_images
from monolayer.download.fetch import inspect
from monolayer.errors import InputError
from monolayer.images.files import read_image

TABLE, IMAGES = "train.csv", "train"
OF_IMAGE = ["width", "height", "cell_type"]
COLUMNS = ["id", "annotation", *OF_IMAGE]


class Settings(DatasetSettings):
    """Where the competition's files are, and how its training images are divided."""

    data: str
    """Folder or zip archive that holds ``train.csv``, one row for each cell, and ``train/<id>.png``: what
    ``kaggle competitions download -c sartorius-cell-instance-segmentation`` brings. An archive is unpacked
    whole for a while."""
    order: Order = "rows"
    """How the run-length codes number the pixels. The competition's are by rows: so its winners read them
    (github.com/tascj/kaggle-sartorius-cell-instance-segmentation-solution, tools/prepare_kaggle.py) and
    others submitted them, though its evaluation page first said columns. Codes that are clearly in the other
    order are an error."""
    split: Fractions = DEFAULT_FRACTIONS
    """Fractions of the images. Another image moves hardly any other into another split, see
    `monolayer.datasets._splits.divide`."""
    seed: int = 0
    """Seeds the draw."""
    group: Expression | None = None
    """What is not divided: a column of the table, such as ``sample_id`` or ``plate_time``, or a regular
    expression that is searched in the images' ids."""


class _Listed(NamedTuple):
    """One image's rows of the table, light enough to travel to another process."""

    image: Image
    path: Path
    codes: list[str]
    places: list[str]
    group: str
    """Of the column that `Settings.group` names, or ""."""


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Copy the listed images, and write their cells in LIVECell's layout.

    Parameters
    ----------
    settings
        Where the files are.
    folder
        Gets ``images/<id>.png``, ``annotations/{train,val,test}.json`` with a run-length code for each row,
        and ``dataset.json``. Where cells of the table overlap, so do their annotations, as LIVECell's.
    scratch
        Holds an archive's files until they are copied.
    compute
        Where the work over images runs.

    Raises
    ------
    InputError
        The folder, the table, one of its columns or a listed image is missing; an image's rows differ in its
        size or cell type, or it has another size; a code is none or does not fit its image; a split is empty;
        the archive is damaged; or the disk has no room.
    """
    with opened(settings.data, None, scratch) as (given, _):
        source = _require_layout(given)
        listed = _grouped(_list_images(source, settings.group), settings.group)
        parts = _divide(listed, settings)
        ordered = [listed[number] for part in parts.values() for number in part]
        read = partial(_read_cells, order=settings.order)
        cells = chain.from_iterable(map_parallel(read, chunk, compute) for chunk in in_chunks(ordered))
        drawn = ((item.image, own) for item, own in zip(ordered, cells, strict=True))
        write_splits(folder / "annotations", parts, drawn)
        copy_images((item.path for item in listed), source / IMAGES, folder / "images")
        write_description(folder, _describe(settings, source / TABLE))


def _require_layout(folder: Path) -> Path:
    if not ((folder / TABLE).is_file() and (folder / IMAGES).is_dir()):
        raise InputError(
            f"data: {folder.absolute()} is no folder with {TABLE} and {IMAGES}/: give the folder or "
            "the zip archive that Kaggle's download made"
        )
    return folder


def _grouped(listed: list[_Listed], expression: str | None) -> list[_Listed]:
    """Return images that know their groups, where the settings name these."""
    if expression is None:
        return listed
    by_column = any(item.group for item in listed)
    columns = {expression: [item.group for item in listed]} if by_column else {}
    groups = groups_of([item.path.stem for item in listed], expression, columns)
    return [
        item._replace(image=msgspec.structs.replace(item.image, group=group))
        for item, group in zip(listed, groups, strict=True)
    ]


def _divide(listed: list[_Listed], settings: Settings) -> dict[Split, list[int]]:
    names = [item.path.stem for item in listed]
    cell_types = [item.image.cell_type for item in listed]
    groups = None if settings.group is None else [item.image.group for item in listed]
    return divide(names, cell_types, settings.split, settings.seed, groups)


def _list_images(source: Path, group: str | None) -> list[_Listed]:
    table = read_table(source / TABLE, COLUMNS)
    same = OF_IMAGE if group is None or group not in table else [*OF_IMAGE, group]
    table["place"] = [f"{source / TABLE} line {line}, id {id_}" for line, id_ in table["id"].items()]
    _require_sizes(table)
    _require_one_of_each(table, source / TABLE, same)
    paths = {path.stem: path for path in sorted((source / IMAGES).glob("*.png"))}
    listed = []
    for number, (id_, rows) in enumerate(table.groupby("id")):
        first = rows.iloc[0]
        if id_ not in paths:
            raise InputError(
                f"{first['place']}: {source / IMAGES / id_}.png not found: add it, or remove its rows"
            )
        size = int(first["width"]), int(first["height"])
        image = Image(number, paths[id_].name, *size, first["cell_type"])
        codes, places = rows["annotation"].tolist(), rows["place"].tolist()
        listed.append(_Listed(image, paths[id_], codes, places, first[group] if group in table else ""))
    return listed


def _require_sizes(table: pd.DataFrame) -> None:
    for column in ("width", "height"):
        wrong = table[~table[column].str.fullmatch("[1-9][0-9]{0,8}")]
        if len(wrong):
            row = wrong.iloc[0]
            raise InputError(f"{row['place']}: {column} {row[column]!r} is no number of pixels: correct it")


def _require_one_of_each(table: pd.DataFrame, path: Path, columns: Sequence[str]) -> None:
    for column in columns:
        several = table.groupby("id")[column].unique()
        several = several[several.map(len) > 1]
        if len(several):
            values = ", ".join(several.iloc[0])
            raise InputError(
                f"{path}, id {several.index[0]}: rows differ in {column} ({values}): correct them"
            )


def _read_cells(listed: _Listed, order: Order) -> list[Annotation]:
    image = listed.image
    read_image(listed.path, expected=image)
    runs = read_codes(listed.codes, listed.places, image.height, image.width, order)
    return annotations_of_cells(runs, len(listed.codes), image.height, image.width)


def _describe(settings: Settings, table: Path) -> Description:
    fetched = inspect(table)
    return Description(
        name="Sartorius - Cell Instance Segmentation",
        licence="rules of the Kaggle competition: for non-commercial use, not to be redistributed",
        citation=(
            "Sartorius - Cell Instance Segmentation. Kaggle (2021). "
            "https://www.kaggle.com/competitions/sartorius-cell-instance-segmentation; "
            "Edlund, C., Jackson, T.R., Khalid, N. et al. LIVECell - A large-scale dataset for label-free "
            "live cell segmentation. Nature Methods 18, 1038-1045 (2021). "
            "https://doi.org/10.1038/s41592-021-01249-6"
        ),
        source=settings.data,
        files=[SourceFile(TABLE, fetched.bytes, fetched.sha256)],
    )
