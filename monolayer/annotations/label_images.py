"""Label images: one number for each cell, overlaps resolved."""

from collections.abc import Sequence

import msgspec
import numpy as np
from pydantic import Field

from monolayer.annotations.rasterise import CellRuns, RunIndex, cell_runs, cover
from monolayer.parameters import Number, Settings


def label_type(cells: int) -> np.dtype:
    """Return the type of the labels of an image of so many cells.

    >>> label_type(65_535), label_type(65_536)
    (dtype('uint16'), dtype('uint32'))
    """
    return np.dtype(np.uint16 if cells <= np.iinfo(np.uint16).max else np.uint32)


class MaskSettings(Settings):
    """How overlapping cells share their pixels."""

    drop_covered: Number = Field(default=0.75, ge=0, le=1)
    """A cell is dropped when the others cover more than this fraction of it (Cellpose's rule; 1 drops
    none)."""


def label_image(
    segmentations: Sequence[msgspec.Raw], height: int, width: int, drop_covered: float = 0.75
) -> np.ndarray:
    """Draw the cells of one image.

    Where cells overlap, a pixel goes to the cell with the nearest centroid (the earlier one of two equally
    near). A cell of which the others cover more than `drop_covered` is dropped, smallest first; pixels that
    were its alone go to the cell that covers most of it. So the foreground is the union of all cells, always.

    Parameters
    ----------
    segmentations
        One for each cell, as in the annotation file.
    height, width
        Size of the image in pixels.
    drop_covered
        Fraction of a cell, in [0, 1].

    Returns
    -------
    numpy.ndarray
        uint16 [H, W], or uint32 of more than 65,535 cells; 0 is background, k the k-th cell. A dropped cell's
        number stays unused.

    Notes
    -----
    Stringer et al., Nat Methods 18:100 (2021), resolve overlaps by the nearest centroid and drop cells that
    are covered by more than 75 %; there the pixels of a dropped cell become background.

    Examples
    --------
    >>> left = msgspec.Raw(b"[[0, 0, 3, 0, 3, 2, 0, 2]]")
    >>> right = msgspec.Raw(b"[[2, 0, 5, 0, 5, 2, 2, 2]]")
    >>> label_image([left, right], height=2, width=5)
    array([[1, 1, 1, 2, 2],
           [1, 1, 1, 2, 2]], dtype=uint16)
    """
    pixels = height * width
    runs = cell_runs(segmentations, height, width)
    covering = cover(runs, pixels, len(segmentations))
    kept, inherited = _without_covered(runs, covering, len(segmentations), drop_covered)
    centroids = _centroids(kept, height)
    flat = np.zeros(pixels, dtype=label_type(len(segmentations)))
    for _, part in kept.bands(pixels):
        position, cell = part.pixels()
        flat[position] = cell + 1
        contested = covering[position] > 1
        position, cell = _nearest(position[contested], cell[contested], centroids, height)
        flat[position] = cell + 1
    del covering  # of a large image as much memory as the labels, which are about to be turned
    for heir, legacy in inherited.items():
        flat[legacy] = heir + 1
    return np.ascontiguousarray(flat.reshape(width, height).T)


def _without_covered(
    runs: CellRuns, covering: np.ndarray, cells: int, limit: float
) -> tuple[CellRuns, dict[int, np.ndarray]]:
    """Drop the cells that others cover; `covering`, the cells at each position, is brought up to date.

    Returns the other cells' runs, and for each heir the positions that it inherits.
    """
    area = runs.areas(cells)
    suspects = np.flatnonzero(_shared(runs, covering, cells) > limit * area)
    if not len(suspects):
        return runs, {}
    inherited: dict[int, np.ndarray] = {}
    kept = np.ones(cells, dtype=bool)
    index = RunIndex(runs)
    bounds = np.searchsorted(runs.cell, np.arange(cells + 1))
    for suspect in suspects[np.argsort(area[suspects], kind="stable")].tolist():
        own, _ = runs.select(np.arange(bounds[suspect], bounds[suspect + 1])).pixels()
        own = np.concatenate([own, inherited.get(suspect, own[:0])])
        covered = covering[own] > 1
        if covered.sum() > limit * len(own):
            covering[own[covered]] -= 1
            kept[suspect] = False
            others = index.between(own.min(), own.max() + 1)
            heir = int(_count(others.select(kept[others.cell]), np.sort(own[covered])).argmax())
            inherited.pop(suspect, None)
            inherited[heir] = np.concatenate([inherited.get(heir, own[:0]), own[~covered]])
    return runs.select(kept[runs.cell]), inherited


def _shared(runs: CellRuns, covering: np.ndarray, cells: int) -> np.ndarray:
    """Return float64 [cells], how many of its pixels each cell shares with others."""
    shared = np.zeros(cells)
    for band, part in runs.bands(len(covering)):
        marked = band.start + np.flatnonzero(covering[band] > 1)
        own = _count(part, marked)
        shared[: len(own)] += own
    return shared


def _count(runs: CellRuns, marked: np.ndarray) -> np.ndarray:
    """Return float64 [N], how many of the marked positions (int64 [M], ascending) each cell holds."""
    return np.bincount(runs.cell, np.searchsorted(marked, runs.end) - np.searchsorted(marked, runs.start))


def _nearest(
    position: np.ndarray, cell: np.ndarray, centroids: tuple[np.ndarray, np.ndarray], height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Leave each position to the one of its cells with the nearest centroid."""
    centre_column, centre_row = centroids
    column, row = np.divmod(position, height)
    distance = (column - centre_column[cell]) ** 2 + (row - centre_row[cell]) ** 2
    order = np.lexsort((cell, distance, position))
    first = np.flatnonzero(np.diff(position[order], prepend=-1))
    return position[order][first], cell[order][first]


def _centroids(runs: CellRuns, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return column and row of each cell's centroid, float64 [cells], from sums over runs."""

    def sums_before(position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        column, row = np.divmod(position, height)
        columns = height * column * (column - 1) // 2 + row * column
        rows = column * (height * (height - 1) // 2) + row * (row - 1) // 2
        return columns, rows

    (columns_end, rows_end), (columns_start, rows_start) = sums_before(runs.end), sums_before(runs.start)
    area = np.maximum(runs.areas(), 1)
    return (
        np.bincount(runs.cell, columns_end - columns_start) / area,
        np.bincount(runs.cell, rows_end - rows_start) / area,
    )
