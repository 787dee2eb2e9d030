"""Submissions to the Kaggle competition "Sartorius - Cell Instance Segmentation": one row for each cell."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from monolayer.annotations.coco import Image
from monolayer.annotations.rasterise import cell_runs, painted
from monolayer.annotations.run_length_csv import Order, read_codes, read_table, write_codes
from monolayer.errors import InputError
from monolayer.predictions.cells import Cells
from monolayer.predictions.files import Result

COLUMNS = ("id", "predicted")


def submission_text(
    images: Sequence[Image], results: Mapping[int, Sequence[Result]], order: Order, score_floor: float = 0.0
) -> str:
    """Write predicted cells as ``id,predicted`` rows; an image without any gets one row with an empty code.

    Parameters
    ----------
    images
        All images; an id is the file's name without folder and ending.
    results
        Predicted cells by image id; they are made free of overlaps as `separate_cells` does.
    order
        In which the run-length codes number an image's pixels.
    score_floor
        Cells of a lower score are left out, before the others are made free of overlaps.

    Raises
    ------
    InputError
        Two images have one file name, or a cell's run-length code does not fit its image.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for id_, image in _by_id(images).items():
        kept = [result for result in results[image.id] if result.score >= score_floor]
        runs = cell_runs([result.segmentation for result in kept], image.height, image.width)
        cells = Cells(runs, np.array([result.score for result in kept]))
        codes = write_codes(separate_cells(cells, image.height, image.width), order)
        writer.writerows((id_, code) for code in codes or [""])
    return text.getvalue()


def separate_cells(cells: Cells, height: int, width: int) -> np.ndarray:
    """Make cells free of overlaps, smallest first.

    A pixel goes to the smallest of its cells, of equally large ones to that of the highest score, and then to
    the first. So a small cell on a large one is not lost; a cell that loses all its pixels is.

    Parameters
    ----------
    cells
        N predicted cells.
    height, width
        Size of the image in pixels.

    Returns
    -------
    numpy.ndarray
        int32 [H, W]; 0 is background, k the k-th cell.

    Examples
    --------
    >>> from monolayer.annotations.rasterise import draw
    >>> large, small = [[0.0, 0.0, 4.0, 0.0, 4.0, 1.0, 0.0, 1.0]], [[3.0, 0.0, 5.0, 0.0, 5.0, 1.0, 3.0, 1.0]]
    >>> separate_cells(Cells(draw([large, small], 1, 5), np.array([0.9, 0.1])), 1, 5)
    array([[1, 1, 1, 2, 2]], dtype=int32)
    """
    count = len(cells.scores)
    areas = cells.runs.areas(count)
    drawn = np.lexsort((-np.arange(count), cells.scores, -areas))  # the later goes over the earlier
    place = np.argsort(drawn)[cells.runs.cell]
    return painted(cells.runs.select(np.argsort(place, kind="stable")), height, width)


def validate_submission(path: Path, images: Sequence[Image], order: Order) -> None:
    """Make sure that a submission is one.

    Parameters
    ----------
    path
        CSV file with the columns `id` and `predicted`.
    images
        All images that it must be of.
    order
        In which its run-length codes number an image's pixels.

    Raises
    ------
    InputError
        The file is missing, not CSV, or lacks a column; an id is unknown or missing; a code is none or leaves
        its image; cells of one image overlap; or an image has an empty code beside others.
    """
    table = read_table(path, COLUMNS)
    table["place"] = [f"{path} line {line}, id {id_}" for line, id_ in table["id"].items()]
    known = _by_id(images)
    unknown = table[~table["id"].isin(known)]
    if len(unknown):
        raise InputError(f"{unknown['place'].iloc[0]}: no image has this id: remove the row")
    missing = sorted(known.keys() - set(table["id"]))
    if missing:
        raise InputError(
            f"{path}: no row has the id {missing[0]}: add one, with an empty code if it has no cells"
        )
    for id_, rows in table.groupby("id", sort=False):
        _require_cells(rows, known[id_], order)


def _by_id(images: Sequence[Image]) -> dict[str, Image]:
    by_id: dict[str, Image] = {}
    for image in images:
        id_ = PurePosixPath(image.file_name).stem
        if id_ in by_id:
            raise InputError(
                f"two images have the id {id_}: {by_id[id_].file_name}, {image.file_name}: remove one"
            )
        by_id[id_] = image
    return by_id


def _require_cells(rows: pd.DataFrame, image: Image, order: Order) -> None:
    if len(rows) == 1 and not rows["predicted"].iloc[0].strip():
        return
    places = rows["place"].tolist()
    runs = read_codes(rows["predicted"].tolist(), places, image.height, image.width, order)
    ordered = runs.select(np.argsort(runs.start, kind="stable"))
    begins_within = ordered.start[1:] < np.maximum.accumulate(ordered.end)[:-1]
    if begins_within.any():
        shared = ordered.start[1:][begins_within][0]
        sharing = runs.cell[(runs.start <= shared) & (shared < runs.end)]
        first, second = (places[number] for number in sharing[:2])
        raise InputError(f"{second}: the cell overlaps that of {first}: give each pixel to one cell")
