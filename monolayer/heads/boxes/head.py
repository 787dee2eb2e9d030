"""Each cell for itself, as a box and a mask: what detectors learn."""

from typing import NamedTuple

import torch
from torch import Tensor

from monolayer.heads.base.head import Head
from monolayer.heads.boxes.settings import Settings


class BoxTargets(NamedTuple):
    """The N cells of one image."""

    boxes: Tensor
    """Left, top, right and bottom edge in pixels, float32 [N, 4]; a cell of one pixel has a box of side 1."""
    numbers: Tensor
    """Label of each, int64 [N]."""
    labels: Tensor
    """Label image int32 [H, W]."""

    def masks(self, chosen: Tensor) -> Tensor:
        """Return the masks, bool [K, H, W], of the cells with the indices int64 [K]."""
        return self.labels == self.numbers[chosen, None, None]


class BoxHead(Head):
    """Turns label images into boxes and masks."""

    def __init__(self, settings: Settings) -> None:
        self._cell_area = settings.cell_area

    def targets(self, labels: Tensor) -> list[BoxTargets]:
        """Turn label images int32 [B, H, W] into the cells of each."""
        return [cells_of(image, self._cell_area) for image in labels]


def cells_of(labels: Tensor, cell_area: int) -> BoxTargets:
    """Return the cells of a label image, int32 [H, W], that have `cell_area` pixels or more.

    >>> labels = torch.tensor([[0, 4, 4], [9, 4, 4]])
    >>> cells_of(labels, 1).boxes.tolist()
    [[1.0, 0.0, 3.0, 2.0], [0.0, 1.0, 1.0, 2.0]]
    >>> cells_of(labels, 2).numbers.tolist()
    [4]
    """
    row, column = torch.nonzero(labels, as_tuple=True)
    numbers, cell, areas = torch.unique(labels[row, column].long(), return_inverse=True, return_counts=True)
    edges = [_border(column, cell, areas, "amin"), _border(row, cell, areas, "amin")]
    edges += [_border(at, cell, areas, "amax") + 1 for at in (column, row)]
    large = areas >= cell_area
    return BoxTargets(torch.stack(edges, dim=1)[large].float(), numbers[large], labels)


def _border(place: Tensor, cell: Tensor, areas: Tensor, which: str) -> Tensor:
    # Of the rows or columns of each cell's pixels, the first or last, int64 [N].
    return torch.zeros_like(areas).scatter_reduce(0, cell, place, which, include_self=False)


def build(settings: Settings) -> BoxHead:
    """Build the head."""
    return BoxHead(settings)
