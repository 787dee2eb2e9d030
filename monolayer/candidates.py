"""A detector's candidates for images of any size: of the whole where it fits, else of overlapping tiles."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monolayer.models._detector import Detector, padded
from monolayer.prediction import Cells
from monolayer.rasterise import CellRuns, pixel_runs


class View(NamedTuple):
    """A tile of an image, turned."""

    top: int
    left: int
    height: int
    width: int
    """Of the tile, in pixels of the image."""
    turns: int
    """Right angles by which it is turned, as `torch.rot90` does, after its reflection."""
    reflected: bool
    """Left and right are swapped."""


def find_candidates(model: Detector, image: Tensor, tile: int, overlap: float, all_turns: bool) -> Cells:
    """Gather what a detector finds in an image; the same cell may be among it several times.

    Parameters
    ----------
    model
        In evaluation mode, on the image's device.
    image
        Normalised, float32 [1, 1, H, W].
    tile
        Images with a longer side, in pixels, are cut into square tiles of this size.
    overlap
        Share of a tile that its neighbours cover too. What touches a border between tiles is left to the
        neighbour, which sees it whole where it is smaller than the overlap.
    all_turns
        Look at all eight right-angle turns and reflections.
    """
    height, width = image.shape[-2:]
    found = [_seen(model, image, view) for view in views(height, width, tile, overlap, all_turns)]
    first = np.cumsum([0, *(len(cells.scores) for cells in found)])[:-1]
    numbered = [own.runs._replace(cell=own.runs.cell + n) for own, n in zip(found, first, strict=True)]
    runs = CellRuns(*(np.concatenate(plane) for plane in zip(*numbered, strict=True)))
    return Cells(runs, np.concatenate([own.scores for own in found]))


def views(height: int, width: int, tile: int, overlap: float, all_turns: bool) -> Iterator[View]:
    """List the tiles of an image, each in all its turns.

    >>> [(view.top, view.left, view.height, view.width) for view in views(70, 200, 100, 0.25, False)]
    [(0, 0, 70, 100), (0, 50, 70, 100), (0, 100, 70, 100)]
    """
    turns = itertools.product(range(4), (False, True)) if all_turns else [(0, False)]
    places = itertools.product(_starts(height, tile, overlap), _starts(width, tile, overlap))
    for (top, left), (turn, reflected) in itertools.product(places, list(turns)):
        yield View(top, left, min(tile, height), min(tile, width), turn, reflected)


def _starts(side: int, tile: int, overlap: float) -> list[int]:
    if side <= tile:
        return [0]
    number = int(np.ceil((side - tile) / max(tile * (1 - overlap), 1))) + 1
    return np.rint(np.linspace(0, side - tile, number)).astype(int).tolist()


def _seen(model: Detector, image: Tensor, view: View) -> Cells:
    """Return the cells of a view that no border between tiles cuts, in the image's pixels."""
    part = image[..., view.top : view.top + view.height, view.left : view.left + view.width]
    turned = torch.rot90(part.flip(-1) if view.reflected else part, view.turns, dims=(-2, -1))
    seen = padded(turned, model.stride)
    (cells,) = model.detect(model(seen))
    position, owner = cells.runs.pixels()
    column, row = np.divmod(position, seen.shape[-2])
    row, column = _turned_back(row, column, view)
    inside = (row >= 0) & (row < view.height) & (column >= 0) & (column < view.width)
    whole = np.ones(len(cells.scores), dtype=bool)
    whole[owner[inside & _at_border(row, column, view, image)]] = False
    kept = inside & whole[owner]
    place = (column[kept] + view.left) * image.shape[-2] + row[kept] + view.top
    return Cells(pixel_runs(place, (np.cumsum(whole) - 1)[owner[kept]]), cells.scores[whole])


def _turned_back(row: np.ndarray, column: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray]:
    height, width = (view.height, view.width) if view.turns % 2 == 0 else (view.width, view.height)
    for _ in range(view.turns):  # back by one right angle, clockwise
        row, column, height, width = column, height - 1 - row, width, height
    return row, width - 1 - column if view.reflected else column


def _at_border(row: np.ndarray, column: np.ndarray, view: View, image: Tensor) -> np.ndarray:
    height, width = image.shape[-2:]
    above, left = (row == 0) & (view.top > 0), (column == 0) & (view.left > 0)
    below = (row == view.height - 1) & (view.top + view.height < height)
    right = (column == view.width - 1) & (view.left + view.width < width)
    return above | left | below | right
