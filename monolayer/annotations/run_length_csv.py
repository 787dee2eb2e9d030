"""Kaggle's tables of cells: CSV files with a run-length code, ``start length start length ...``, in a row."""

import warnings
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from monolayer.annotations.rasterise import CellRuns, label_runs, pixel_runs
from monolayer.errors import InputError

Order = Literal["rows", "columns"]
"""How an image's pixels are numbered, from 1 on: along the rows (left to right, then top to bottom), or down
the columns."""

_ENOUGH = 20  # runs from which on it is told whether they are in the other order


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a CSV file as text.

    Parameters
    ----------
    path
        A file with a head; blank lines are passed over.
    columns
        That it must have.

    Returns
    -------
    pandas.DataFrame
        Its index is each row's line in the file; an empty field is an empty text.

    Raises
    ------
    InputError
        The file is missing, not CSV, or lacks a column.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of fields that the head does not name
            table = pd.read_csv(
                path, dtype=str, keep_default_na=False, skip_blank_lines=False, index_col=False
            )
    except FileNotFoundError:
        raise InputError(f"{path} not found: give the path of a CSV file") from None
    except (ValueError, pd.errors.ParserWarning) as error:
        raise InputError(f"{path} cannot be read as CSV ({str(error).strip()}): write it again") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}: its columns must be {', '.join(columns)}")
    table.index += 2
    return table[(table != "").any(axis=1)]


def read_codes(
    codes: Sequence[str], places: Sequence[str], height: int, width: int, order: Order
) -> CellRuns:
    """Read the run-length codes of one image's cells.

    Parameters
    ----------
    codes
        One for each cell. The runs of a cell ascend; those of two cells may overlap.
    places
        Where each code stands; begins the error.
    height, width
        Size of the image in pixels.
    order
        In which its pixels are numbered.

    Raises
    ------
    InputError
        A code is empty, holds something else than whole numbers, has an odd number of them, a start or length
        of 0, a run that leaves the image or does not lie behind the one before; or the runs join up to cells
        in the other order only.

    Examples
    --------
    >>> read_codes(["2 2 5 1"], ["row 2"], height=2, width=3, order="rows").pixels()[0].tolist()
    [2, 3, 4]
    >>> read_codes(["3 3"], ["row 2"], height=2, width=3, order="columns").pixels()[0].tolist()
    [2, 3, 4]
    """
    numbers = [code.split() for code in codes]
    for own, place in zip(numbers, places, strict=True):
        _require_pairs(own, place)
    counts = np.array([len(own) // 2 for own in numbers], dtype=np.int64)
    cell = np.repeat(np.arange(len(codes)), counts)
    flat = np.array(list(chain.from_iterable(numbers)), dtype=np.float64)  # which no number overflows
    start, length = flat[0::2], flat[1::2]
    _require_fit(start, length, cell, places, (height, width))
    runs = CellRuns((start - 1).astype(np.int64), (start - 1 + length).astype(np.int64), cell)
    _require_order(runs, places, height, width, order)
    return _down_columns(runs, height, width, order)


def _require_pairs(numbers: list[str], place: str) -> None:
    if not numbers:
        raise InputError(f"{place}: the run-length code is empty: remove the row")
    strange = [number for number in numbers if not (number.isascii() and number.isdecimal())]
    if strange:
        raise InputError(
            f"{place}: the run-length code holds {strange[0]!r}: give the start and length of each run as "
            "whole numbers from 1 on"
        )
    if len(numbers) % 2:
        raise InputError(
            f"{place}: the run-length code has {len(numbers)} numbers: give the start and the length of each "
            "run"
        )


def _require_fit(
    start: np.ndarray, length: np.ndarray, cell: np.ndarray, places: Sequence[str], shape: tuple[int, int]
) -> None:
    height, width = shape
    last = start + length - 1
    is_next = np.diff(cell, prepend=-1) == 0
    goes_back = is_next & (start <= np.append(0, last[:-1]))
    leaves = last > height * width
    faults = {
        "is none: starts and lengths count from 1 on": (start < 1) | (length < 1),
        f"leaves the image of {width} x {height} pixels: correct the code or the size": leaves,
        "begins before the one before it ends: give runs that ascend and do not overlap": goes_back,
    }
    for fault, wrong in faults.items():
        if wrong.any():
            first = int(wrong.argmax())
            run = f"{start[first]:.0f} {length[first]:.0f}"
            raise InputError(f"{places[cell[first]]}: the run '{run}' {fault}")


def _require_order(runs: CellRuns, places: Sequence[str], height: int, width: int, order: Order) -> None:
    # A wrong order goes unnoticed else: the cells become stripes all over the image.
    own, other = (width, height) if order == "rows" else (height, width)
    if _joined(runs, own) < 0.1 and _joined(runs, other) > 0.5:
        others = "columns" if order == "rows" else "rows"
        raise InputError(
            f"{places[0]}: the runs of this image join up to cells if its pixels are numbered by {others}, "
            f"but not by {order}: set `order` to {others}, or correct the size"
        )


def _joined(runs: CellRuns, line: int) -> float:
    """Return the fraction of runs that lie beside the one before them, in the next line of so many pixels."""
    is_next = np.diff(runs.cell) == 0
    beside = (runs.start[1:] < runs.end[:-1] + line) & (runs.end[1:] > runs.start[:-1] + line)
    return float(beside[is_next].mean()) if np.count_nonzero(is_next) >= _ENOUGH else 0.0


def _down_columns(runs: CellRuns, height: int, width: int, order: Order) -> CellRuns:
    position, cell = runs.pixels()
    if order == "rows":
        row, column = np.divmod(position, width)
        position = column * height + row
    return pixel_runs(position, cell)


def write_codes(labels: np.ndarray, order: Order) -> list[str]:
    """Return the run-length code of each cell of a label image, integers [H, W], in the order of the labels.

    >>> labels = np.array([[0, 5, 5], [2, 5, 0]])
    >>> write_codes(labels, "rows"), write_codes(labels, "columns")
    (['4 1', '2 2 5 1'], ['2 1', '3 3'])
    """
    runs = label_runs(labels if order == "columns" else labels.T)
    pairs = np.stack([runs.start + 1, runs.length], axis=1)
    first = np.flatnonzero(np.diff(runs.cell, prepend=-1))
    return [" ".join(map(str, own.ravel().tolist())) for own in np.split(pairs, first)[1:]]
