"""Detections in images of any size: in the whole where it fits, else in overlapping tiles."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monolayer.annotations.rasterise import CellRuns, pixel_runs
from monolayer.models.base.model import Orientation, padded
from monolayer.predictions.cells import Cells

Detect = Callable[[Tensor], Cells]
"""From an image float32 [1, 1, H, W] to its detections, in its own pixels."""


class View(NamedTuple):
    """A tile of an image, in one orientation."""

    top: int
    left: int
    height: int
    width: int
    """Of the tile, in pixels of the image."""
    orientation: Orientation


def gather_detections(
    detect: Detect,
    stride: int,
    image: Tensor,
    tile: int,
    overlap: float,
    orientations: Sequence[Orientation],
) -> Cells:
    """Gather what a detector finds in an image; the same cell may be among it several times.

    Parameters
    ----------
    detect
        Finds cells in an image whose sides are multiples of `stride`.
    stride
        In pixels.
    image
        Normalised, float32 [1, 1, H, W].
    tile
        Images with a longer side, in pixels, are cut into square tiles of this size.
    overlap
        Fraction of a tile that its neighbours cover too. What touches a border between tiles is left to the
        neighbour, which sees it whole where it is smaller than the overlap.
    orientations
        In which each tile is seen.
    """
    height, width = image.shape[-2:]
    seen = views(height, width, tile, overlap, orientations)
    found = [_detections_in(view, detect, stride, image) for view in seen]
    first = np.cumsum([0, *(len(cells.scores) for cells in found)])[:-1]
    numbered = [own.runs._replace(cell=own.runs.cell + n) for own, n in zip(found, first, strict=True)]
    runs = CellRuns(*(np.concatenate(plane) for plane in zip(*numbered, strict=True)))
    return Cells(runs, np.concatenate([own.scores for own in found]))


def views(
    height: int, width: int, tile: int, overlap: float, orientations: Sequence[Orientation]
) -> Iterator[View]:
    """List the tiles of an image, each in all orientations.

    >>> upright = [Orientation(0, False)]
    >>> [(view.top, view.left, view.height, view.width) for view in views(70, 200, 100, 0.25, upright)]
    [(0, 0, 70, 100), (0, 50, 70, 100), (0, 100, 70, 100)]
    """
    corners = itertools.product(_starts(height, tile, overlap), _starts(width, tile, overlap))
    for (top, left), orientation in itertools.product(corners, orientations):
        yield View(top, left, min(tile, height), min(tile, width), orientation)


def _starts(side: int, tile: int, overlap: float) -> list[int]:
    if side <= tile:
        return [0]
    number = int(np.ceil((side - tile) / max(tile * (1 - overlap), 1))) + 1
    return np.rint(np.linspace(0, side - tile, number)).astype(int).tolist()


def _detections_in(view: View, detect: Detect, stride: int, image: Tensor) -> Cells:
    """Return the cells of a view that no border between tiles cuts, in the image's pixels."""
    part = image[..., view.top : view.top + view.height, view.left : view.left + view.width]
    turns, reflected = view.orientation
    seen = padded(torch.rot90(part.flip(-1) if reflected else part, turns, dims=(-2, -1)), stride)
    cells = detect(seen)
    position, owner = cells.runs.pixels()
    column, row = np.divmod(position, seen.shape[-2])
    row, column = _inverse_orientation(row, column, view)
    inside = (row >= 0) & (row < view.height) & (column >= 0) & (column < view.width)
    whole = np.ones(len(cells.scores), dtype=bool)
    whole[owner[inside & _at_border(row, column, view, image)]] = False
    kept = inside & whole[owner]
    place = (column[kept] + view.left) * image.shape[-2] + row[kept] + view.top
    return Cells(pixel_runs(place, (np.cumsum(whole) - 1)[owner[kept]]), cells.scores[whole])


def _inverse_orientation(row: np.ndarray, column: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray]:
    turns, reflected = view.orientation
    height, width = (view.height, view.width) if turns % 2 == 0 else (view.width, view.height)
    for _ in range(turns):  # back by one right angle, clockwise
        row, column, height, width = column, height - 1 - row, width, height
    return row, width - 1 - column if reflected else column


def _at_border(row: np.ndarray, column: np.ndarray, view: View, image: Tensor) -> np.ndarray:
    height, width = image.shape[-2:]
    above, left = (row == 0) & (view.top > 0), (column == 0) & (view.left > 0)
    below = (row == view.height - 1) & (view.top + view.height < height)
    right = (column == view.width - 1) & (view.left + view.width < width)
    return above | left | below | right
