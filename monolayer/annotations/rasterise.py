"""From polygons and run-length codes to pixels, exactly those that pycocotools gives.

pycocotools decodes each cell into an image of its own. Here the cells of one image are kept together, as runs
of pixels.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from monolayer.annotations.coco import RunLengths, Segmentation, decode_segmentation
from monolayer.annotations.polygons import inside
from monolayer.errors import InputError

BAND = 2**20
"""So many pixels are looked at one by one at a time: 64 bits for each of a large image would be gigabytes."""
LOT = 2048
"""Polygons that are drawn at a time."""


class CellRuns(NamedTuple):
    """The pixels of all cells of one image as runs, in COCO's order: down the columns."""

    start: np.ndarray
    """int64 [R], column * height + row of the first pixel."""
    end: np.ndarray
    """int64 [R], the position behind the last pixel."""
    cell: np.ndarray
    """int64 [R], index of the cell; ascending."""

    @property
    def length(self) -> np.ndarray:
        """int64 [R], pixels."""
        return self.end - self.start

    def select(self, chosen: np.ndarray) -> "CellRuns":
        """Return the runs that a boolean or index array chooses."""
        return CellRuns(self.start[chosen], self.end[chosen], self.cell[chosen])

    def cells(self, chosen: np.ndarray) -> "CellRuns":
        """Return the cells that a boolean array, of as many as there are cells, chooses, numbered from 0."""
        start, end, cell = self.select(chosen[self.cell])
        return CellRuns(start, end, (np.cumsum(chosen) - 1)[cell])

    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return position and cell of each pixel of each run, int64 [P] each."""
        length = self.length
        position = np.repeat(self.end - np.cumsum(length), length) + np.arange(length.sum())
        return position, np.repeat(self.cell, length)

    def bands(self, pixels: int) -> Iterator[tuple[slice, "CellRuns"]]:
        """Cut an image of so many pixels into bands of `BAND` pixels or less.

        Yields
        ------
        tuple of (slice, CellRuns)
            Positions of a band, and what `RunIndex.between` says is in it.
        """
        index = RunIndex(self)
        for first in range(0, pixels, BAND):
            last = min(first + BAND, pixels)
            yield slice(first, last), index.between(first, last)

    def areas(self, cells: int = 0) -> np.ndarray:
        """Return the number of pixels of each cell, int64; of so many cells at least."""
        return np.bincount(self.cell, self.length, minlength=cells).astype(np.int64)

    def boxes(self, height: int) -> np.ndarray:
        """Return left, top, width and height of each cell that has pixels, int64 [K, 4]."""
        last = self.end - 1
        within_column = self.start // height == last // height
        top = np.where(within_column, self.start % height, 0)
        bottom = np.where(within_column, last % height, height - 1)
        first = np.flatnonzero(np.diff(self.cell, prepend=-1))
        left, top = (np.minimum.reduceat(at, first) for at in (self.start // height, top))
        right, bottom = (np.maximum.reduceat(at, first) for at in (last // height, bottom))
        return np.stack([left, top, right - left + 1, bottom - top + 1], axis=1)


class RunIndex:
    """Finds the runs between two positions without looking at all of them."""

    def __init__(self, runs: CellRuns) -> None:
        self._runs = runs
        self._order = np.argsort(runs.start, kind="stable")
        self._starts = runs.start[self._order]
        self._longest = runs.length.max(initial=0)

    def between(self, first: int, last: int) -> CellRuns:
        """Return what lies of the runs from a position on to before another, in the order of the runs.

        >>> runs = CellRuns(np.array([8, 0, 2]), np.array([9, 4, 7]), np.array([0, 1, 2]))
        >>> RunIndex(runs).between(3, 6)
        CellRuns(start=array([3, 3]), end=array([4, 6]), cell=array([1, 2]))
        """
        low, high = np.searchsorted(self._starts, (first - self._longest, last))
        start, end, cell = self._runs.select(np.sort(self._order[low:high]))
        inside = CellRuns(np.maximum(start, first), np.minimum(end, last), cell)
        return inside.select(inside.length > 0)


def draw(segmentations: Sequence[Segmentation], height: int, width: int) -> CellRuns:
    """Return the runs of pixels of every cell.

    Parameters
    ----------
    segmentations
        Polygons, of which those of fewer than three points cover nothing, or run-length codes.
    height, width
        Size of the image in pixels; what lies outside is cut off.

    Raises
    ------
    InputError
        A run-length code is for an image of another size.

    Examples
    --------
    >>> draw([[[0, 0, 2, 0, 2, 2, 0, 2]]], height=3, width=3).pixels()[0].tolist()
    [0, 1, 3, 4]
    """
    outlines = [(cell, item) for cell, item in enumerate(segmentations) if isinstance(item, list)]
    owned = [(cell, polygon) for cell, item in outlines for polygon in item if len(polygon) >= 6]
    owner = np.array([cell for cell, _ in owned], dtype=np.int64)
    # Like pycocotools: a number without a partner is passed over.
    pairs = [polygon[:-1] if len(polygon) % 2 else polygon for _, polygon in owned]
    start, end, polygon = _inside_by_lots(pairs, height, width)
    runs = CellRuns(start, end, owner[polygon])
    if len(set(owner.tolist())) < len(owner):
        runs = _unite(runs, height * width)
    codes = [(cell, item) for cell, item in enumerate(segmentations) if isinstance(item, dict)]
    return _join(runs, [_runs_of_code(cell, item, height, width) for cell, item in codes])


def _inside_by_lots(
    polygons: list[list[float]], height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Do as `inside`, which holds some 200 bytes for each column of each polygon, for `LOT` at a time."""
    parts = []
    for first in range(0, max(len(polygons), 1), LOT):
        start, end, polygon = inside(polygons[first : first + LOT], height, width)
        parts.append((start, end, polygon + first))
    start, end, polygon = (np.concatenate(own) for own in zip(*parts, strict=True))
    return start, end, polygon


def label_runs(labels: np.ndarray) -> CellRuns:
    """Return the runs of pixels of a label image's cells; cell k has the label k + 1.

    >>> label_runs(np.array([[1, 0], [1, 2]]))
    CellRuns(start=array([0, 3]), end=array([2, 4]), cell=array([0, 1]))
    """
    flat = labels.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    start = np.append(0, changes)[: flat.size]
    own = flat[start]
    order = np.argsort(own, kind="stable")[np.count_nonzero(own <= 0) :]  # numbers of 16 bits sort fastest
    end = np.append(changes, flat.size)[: flat.size]
    return CellRuns(start[order], end[order], own[order].astype(np.int64) - 1)


def pixel_runs(position: np.ndarray, cell: np.ndarray) -> CellRuns:
    """Return the runs of cells from their single pixels, each of which a cell has once.

    Parameters
    ----------
    position, cell
        Of each pixel, int64 [P] each, as `CellRuns.pixels` returns them, in any order.

    Examples
    --------
    >>> pixel_runs(np.array([7, 3, 4, 4]), np.array([0, 0, 0, 1]))
    CellRuns(start=array([3, 7, 4]), end=array([5, 8, 5]), cell=array([0, 0, 1]))
    """
    order = np.lexsort((position, cell))
    position, cell = position[order], cell[order]
    goes_on = (np.diff(position) == 1) & (np.diff(cell) == 0)
    first = np.flatnonzero(np.append(True, ~goes_on)[: len(position)])
    last = np.append(first[1:], len(position))[: len(first)] - 1
    return CellRuns(position[first], position[last] + 1, cell[first])


def _unite(runs: CellRuns, pixels: int) -> CellRuns:
    """Merge the runs of each cell that overlap or touch."""
    position = np.concatenate([runs.start, runs.end]) + np.tile(runs.cell * (pixels + 1), 2)
    change = np.repeat([1, -1], len(runs.start))
    order = np.lexsort((-change, position))
    depth = np.cumsum(change[order])
    ends = np.flatnonzero(depth == 0)
    starts = np.concatenate([[0], ends + 1])[:-1]
    cell, start = np.divmod(position[order[starts]], pixels + 1)
    return CellRuns(start, position[order[ends]] % (pixels + 1), cell)


def _join(runs: CellRuns, others: list[CellRuns]) -> CellRuns:
    if not others:
        return runs
    joined = CellRuns(*(np.concatenate(planes) for planes in zip(runs, *others, strict=True)))
    return joined.select(np.argsort(joined.cell, kind="stable"))


def _runs_of_code(cell: int, item: RunLengths, height: int, width: int) -> CellRuns:
    size, counts = item["size"], item["counts"]
    if size != [height, width]:
        raise InputError(
            f"run-length code of size {size} in an image of [{height}, {width}]: correct the annotation"
        )
    lengths = counts if isinstance(counts, list) else _decode_counts(counts).tolist()
    total = 0 if min(lengths, default=0) < 0 else sum(lengths)  # as Python's integers, which do not overflow
    if total != height * width:
        raise InputError(
            f"run-length code counts {total} pixels in an image of {height * width}: correct the annotation"
        )
    ends = np.cumsum(lengths)
    foreground = np.flatnonzero(lengths[1::2]) * 2 + 1
    return CellRuns(ends[foreground - 1], ends[foreground], np.full(len(foreground), cell))


def _decode_counts(text: str) -> np.ndarray:
    """Decode pycocotools' string into the length of each run; none where it breaks off or is no such text.

    A character less 48 holds five bits, lowest first; 0x20 says that more follow, 0x10 in the last one that
    the number is negative. From the fourth number on, each is the difference to the one two places before.
    """
    characters = np.array([ord(character) - 48 for character in text], dtype=np.int64)
    if not len(characters) or characters.min() < 0 or characters.max() >= 64 or characters[-1] >= 32:
        return np.zeros(0, np.int64)
    is_last = (characters & 0x20) == 0
    number = np.cumsum(is_last) - is_last
    start = np.flatnonzero(np.diff(number, prepend=-1))
    shift = 5 * (np.arange(len(characters)) - start[number])
    if shift.max() > 50:  # no image has as many pixels
        return np.zeros(0, np.int64)
    values = np.bincount(number, (characters & 0x1F) << shift).astype(np.int64)
    negative = (characters[is_last] & 0x10) != 0
    values[negative] -= np.int64(1) << (shift[is_last][negative] + 5)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def cell_runs(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> CellRuns:
    """Return the runs of pixels of every cell from its JSON text; parameters and errors as `draw`."""
    return draw([decode_segmentation(raw) for raw in segmentations], height, width)


def foreground_mask(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> np.ndarray:
    """Return bool [H, W], the union of all cells; parameters and errors as `draw`."""
    return union(cell_runs(segmentations, height, width), height, width)


def painted(runs: CellRuns, height: int, width: int) -> np.ndarray:
    """Return the label image, int32 [H, W]: cell k has the label k + 1; later runs go over earlier ones."""
    labels = np.zeros((height, width), dtype=np.int32)
    for _, part in runs.bands(height * width):
        position, cell = part.pixels()
        column, row = np.divmod(position, height)
        labels[row, column] = cell + 1
    return labels


def union(runs: CellRuns, height: int, width: int) -> np.ndarray:
    """Return bool [H, W], the pixels that any of the cells covers."""
    covered = np.zeros(height * width, dtype=bool)
    for _, part in runs.bands(height * width):
        covered[part.pixels()[0]] = True
    return np.ascontiguousarray(covered.reshape(width, height).T)


def cover(runs: CellRuns, pixels: int, cells: int) -> np.ndarray:
    """Return how many of so many cells are at each position, unsigned integers [pixels] just wide enough."""
    change = np.zeros(pixels + 1, dtype=np.min_scalar_type(cells))
    np.add.at(change, runs.start, 1)
    np.subtract.at(change, runs.end, 1)
    return np.cumsum(change, dtype=change.dtype, out=change)[:-1]  # below 0, the changes wrap around
