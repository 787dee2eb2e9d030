"""Masks that a detector predicts within boxes, brought to the pixels of the image."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from monolayer.annotations.rasterise import CellRuns, pixel_runs

PIXELS_AT_ONCE = 1 << 22


def box_mask_runs(
    masks: Tensor, boxes: Tensor, height: int, width: int, within: Tensor | None = None
) -> CellRuns:
    """Return the pixels whose centre has a probability of 0.5 or more, bilinear between those of the mask.

    Parameters
    ----------
    masks
        Probabilities float32 [N, S, S], of the squares into which each box is divided.
    boxes
        Left, top, right and bottom edge in pixels, float32 [N, 4].
    height, width
        Of the image in pixels; what lies outside is cut off.
    within
        Further boxes, float32 [N, 4], outside which masks are cut off.

    Examples
    --------
    >>> runs = box_mask_runs(torch.ones(1, 2, 2), torch.tensor([[1.0, 0.0, 3.0, 2.0]]), height=2, width=4)
    >>> runs.pixels()[0].tolist()
    [2, 3, 4, 5]
    """
    positions, cells = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for cell, row, column in _pixels(_shared(boxes, within), height, width):
        probability = _sampled(masks, boxes, cell, row, column)
        inside = probability >= 0.5
        positions.append((column[inside] * height + row[inside]).cpu().numpy())
        cells.append(cell[inside].cpu().numpy())
    return pixel_runs(np.concatenate(positions), np.concatenate(cells))


def _shared(boxes: Tensor, within: Tensor | None) -> Tensor:
    if within is None:
        return boxes
    first, last = boxes[:, :2].maximum(within[:, :2]), boxes[:, 2:].minimum(within[:, 2:])
    return torch.cat([first, last], dim=1)


def _pixels(boxes: Tensor, height: int, width: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield cell, row and column of each pixel whose centre is in a box, int64 [P] each; some at a time."""
    limits = torch.tensor([width, height] * 2, device=boxes.device)
    first, last = (boxes - 0.5).ceil().long().clamp(min=0).minimum(limits).split(2, dim=1)
    wide, high = (last - first).clamp(min=0).unbind(dim=1)
    area = wide * high
    group = (area.cumsum(0) - 1) // PIXELS_AT_ONCE
    for number in group.unique().tolist():
        own = torch.nonzero((group == number) & (area > 0))[:, 0]
        cell = own.repeat_interleave(area[own])
        before = (area[own].cumsum(0) - area[own]).repeat_interleave(area[own])
        place = torch.arange(len(cell), device=boxes.device) - before
        yield cell, first[cell, 1] + place // wide[cell], first[cell, 0] + place % wide[cell]


def _sampled(masks: Tensor, boxes: Tensor, cell: Tensor, row: Tensor, column: Tensor) -> Tensor:
    side = masks.shape[-1]
    left, top, right, bottom = boxes[cell].unbind(dim=1)
    down = ((row + 0.5 - top) / (bottom - top) * side - 0.5).clamp(0, side - 1)
    across = ((column + 0.5 - left) / (right - left) * side - 0.5).clamp(0, side - 1)
    above, before = (place.long().clamp(max=max(side - 2, 0)) for place in (down, across))
    low, far = down - above, across - before
    below, behind = (place + min(1, side - 1) for place in (above, before))
    upper = masks[cell, above, before] * (1 - far) + masks[cell, above, behind] * far
    lower = masks[cell, below, before] * (1 - far) + masks[cell, below, behind] * far
    return upper * (1 - low) + lower * low
