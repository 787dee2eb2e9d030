"""A user's table with a row for each image: cell types, and whatever else tells images apart."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from monolayer.errors import InputError


def read_rows(
    path: Path,
    names: Sequence[str],
    file_column: str,
    required: Sequence[str],
    wanted: Iterable[str | None] = (),
) -> pd.DataFrame:
    """Read the row of each image.

    A row names an image by its path below the folder of images, with further folders before it or with some
    left out, down to the bare name. A path that is right in full goes before one that is not.

    Parameters
    ----------
    path
        CSV file with a head.
    names
        Paths of the images below their folder.
    file_column
        The table's column with paths or names.
    required
        Columns that there must be, and that all rows of one image have to agree in.
    wanted
        Columns that there may be, likewise; None is passed over.

    Returns
    -------
    pandas.DataFrame
        Texts, without white space around them; a row for each image in the order of `names`, with all
        columns.

    Raises
    ------
    InputError
        The table is missing, not CSV, lacks a column, does not list an image, lists one twice with different
        values, or by a name that several images have.
    """
    table = _read(path, [file_column, *required])
    rows = _Rows(path, table, file_column)
    found = [rows.of(name) for name in names]
    unlisted = [name for name, own in zip(names, found, strict=True) if not own]
    if unlisted:
        raise InputError(f"{path} does not list {unlisted[0]}: add it, with its cell type")
    _require_one_image_each(path, table[file_column], names, found)
    columns = [*required, *(column for column in wanted if column is not None and column in table)]
    for name, own in zip(names, found, strict=True):
        _require_agreement(path, name, table.iloc[own], columns)
    return table.iloc[[own[0] for own in found]].reset_index(drop=True)


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"table: {path.absolute()} not found: give the path of a CSV file, or null")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:  # parser and decoding errors are ValueErrors
        raise InputError(
            f"{path} cannot be read as CSV in UTF-8 ({str(error).strip()}): write it again"
        ) from None
    table.columns = table.columns.str.strip()
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(
            f"{path} has no column {missing[0]}: its columns are {', '.join(table.columns)}. Name them by "
            "`file_column` and `type_column`"
        )
    return table.apply(lambda column: column.str.strip())


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders and the name, spelled in one way whatever system the table comes from."""
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    return tuple(part for part in path.parts if part not in ("/", ".", ".."))


class _Rows:
    """Finds the rows of an image."""

    def __init__(self, path: Path, table: pd.DataFrame, file_column: str) -> None:
        self._by_name: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for row, name in enumerate(table[file_column]):
            if parts := _parts(name):
                self._by_name[parts[-1]].append((parts, row))

    def of(self, name: str) -> list[int]:
        """Return the rows whose path is the image's; else those that are the end of it, or end in it."""
        wanted = _parts(name)
        listed = self._by_name.get(wanted[-1], [])
        exact = [row for parts, row in listed if parts == wanted]
        shorter = [row for parts, row in listed if wanted[-len(parts) :] == parts]
        longer = [row for parts, row in listed if parts[-len(wanted) :] == wanted]
        return exact or shorter or longer


def _require_one_image_each(
    path: Path, listed: pd.Series, names: Sequence[str], found: Sequence[Sequence[int]]
) -> None:
    image_of: dict[int, str] = {}
    for name, rows in zip(names, found, strict=True):
        for row in rows:
            if image_of.setdefault(row, name) != name:
                raise InputError(
                    f"{path} lists {listed.iloc[row]}, which may be {image_of[row]} or {name}: give each "
                    "image's path below the folder of images"
                )


def _require_agreement(path: Path, name: str, rows: pd.DataFrame, columns: Iterable[str]) -> None:
    for column in columns:
        values = rows[column].unique()
        if len(values) > 1:
            raise InputError(
                f"{path} lists {name} several times, with the {column} {' and '.join(values)}: correct it, "
                "or give the paths below the folder of images"
            )
