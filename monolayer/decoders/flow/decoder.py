"""Cells of a flow: what flows together is a cell (Cellpose: Stringer et al., Nat Methods 18:100, 2021)."""

from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from monolayer.decoders.base.labels import number_large
from monolayer.decoders.flow.settings import Settings
from monolayer.heads.flow.head import flow_to_centres
from monolayer.predictions.cells import Cells, cells_of_labels

STRIDE = 8
"""Steps between two looks at which points still move; even, as points swing to and fro around a centre."""
RESTING = 0.1
"""A point rests that is within so many pixels of where it was a stride ago."""
SEED_POINTS = 10
"""So many points must end in a pixel for it to be a cell's seed."""
GROWN_POINTS = 3
"""So many must end in a pixel for a seed to grow into it."""
GROWTH = 5
"""How far a seed grows, in pixels."""


SHARED = ("threshold", "steps")
"""The settings on which `divide` depends: others may be tried on what it returned."""


class Divided(NamedTuple):
    """The cells of an image before any is removed."""

    labels: np.ndarray
    """int32 [H, W], 0 = background."""
    errors: np.ndarray
    """By label, see `flow_errors`."""


def decode(maps: np.ndarray, settings: Settings) -> Cells:
    """Find cells.

    A cell's score is its mean probability times exp(-e), e being its `flow_errors`: cells that were not
    divided, or divided in the wrong place, are as probable as others, but their flow gives them away.

    Parameters
    ----------
    maps
        Probability of the foreground, flow down and flow right, float32 [3, H, W].
    settings
        Of the decoder.
    """
    return choose(maps, divide(maps, settings), settings)


def divide(maps: np.ndarray, settings: Settings) -> Divided:
    """Divide the foreground into cells: nearly all of the work, and the same for equal settings `SHARED`."""
    flow = torch.tensor(maps[1:])
    labels = gather(torch.tensor(maps[0] >= settings.threshold), flow, settings.steps)
    return Divided(labels.numpy(), flow_errors(labels, flow).numpy())


def choose(maps: np.ndarray, divided: Divided, settings: Settings) -> Cells:
    """Keep the cells whose flow is right and that are large enough, fill them, and score them."""
    right = divided.errors <= (np.inf if settings.flow_error is None else settings.flow_error)
    kept = filled(divided.labels * right[divided.labels], settings.hole_area)
    certainty = maps[0] * np.exp(-divided.errors)[divided.labels]
    return cells_of_labels(number_large(kept, settings.cell_area), certainty)


def gather(foreground: Tensor, flow: Tensor, steps: int) -> Tensor:
    """Let the foreground follow the flow; what ends together is a cell.

    Parameters
    ----------
    foreground
        bool [H, W].
    flow
        Down and right, float32 [2, H, W]; also that of the background, so that a way may lead through a hole.
    steps
        As for `follow`.

    Returns
    -------
    Tensor
        Labels int32 [H, W]. Pixels that end apart from all seeds belong to no cell.
    """
    rows, columns = follow(flow, torch.nonzero(foreground), steps).unbind(1)
    ends = torch.zeros_like(foreground, dtype=torch.int64)
    ends.index_put_((rows, columns), torch.ones_like(rows), accumulate=True)
    labels = torch.zeros_like(foreground, dtype=torch.int32)
    labels[foreground] = basins(ends)[rows, columns]
    return labels


def follow(flow: Tensor, starts: Tensor, steps: int) -> Tensor:
    """Return in which pixels points end that follow the flow, in Euler's steps.

    Between the pixels the flow is interpolated, bilinearly; points stay within the image.

    Parameters
    ----------
    flow
        Down and right in pixels, float32 [2, H, W].
    starts
        Row and column, int64 [K, 2].
    steps
        How often a point moves by the flow where it is. Those that rest are left alone, so many cost little.

    Returns
    -------
    Tensor
        Row and column, int64 [K, 2].

    Examples
    --------
    >>> to_the_middle = torch.tensor([[[0.0, 0, 0]], [[1.0, 0, -1]]])
    >>> follow(to_the_middle, torch.tensor([[0, 0], [0, 2]]), steps=3).tolist()
    [[0, 1], [0, 1]]
    """
    # As `grid_sample` has it: column and row, in which the image reaches from -1 to 1.
    pixel = 2 / torch.tensor(flow.shape[:0:-1])
    velocity = (flow.flip(0) * pixel[:, None, None])[None]  # (1, 2, H, W)
    points = (starts.flip(1) + 0.5) * pixel - 1
    moving = torch.arange(len(points))
    for done in range(0, steps, STRIDE):
        if not len(moving):
            break
        before = points[moving]
        after = _advanced(velocity, before, min(STRIDE, steps - done))
        points[moving] = after
        moving = moving[((after - before).abs() > RESTING * pixel).any(1)]
    return ((points + 1) / pixel).long().flip(1)


def _advanced(velocity: Tensor, points: Tensor, steps: int) -> Tensor:
    edge = 1 - 1 / torch.tensor(velocity.shape[:1:-1])
    for _ in range(steps):
        sampled = grid_sample(velocity, points[None, None], padding_mode="border", align_corners=False)
        points = torch.clamp(points + sampled[0, :, 0].T, -edge, edge)
    return points


def basins(ends: Tensor) -> Tensor:
    """Return the pixels around each peak of a histogram of end points; int64 [H, W] in, int32 [H, W] out.

    A peak is the largest in its 5 x 5 neighbourhood (the first of equal ones), and grows by one pixel at a
    time into those of its neighbours where points end; where two meet, the higher one has the pixel.

    >>> basins(torch.tensor([[0, 12, 3, 2, 0, 0, 4, 20]])).tolist()
    [[0, 1, 1, 0, 0, 0, 2, 2]]
    """
    padded = pad(ends, (2, 2, 2, 2))
    labels = torch.zeros_like(padded, dtype=torch.int32)
    seeds = torch.nonzero(padded.flatten() >= SEED_POINTS)[:, 0]
    # Ranks, so that the first of equal ones is the higher.
    seeds = seeds[padded.flatten()[seeds].sort(stable=True, descending=True).indices]
    labels.view(-1)[seeds] = torch.arange(len(seeds), 0, -1, dtype=torch.int32)
    highest = labels.view(-1)[_around(seeds, 2, padded.shape[1])].amax(0)
    peaks = seeds[labels.view(-1)[seeds] == highest].flip(0)
    labels.zero_().view(-1)[peaks] = torch.arange(1, len(peaks) + 1, dtype=torch.int32)
    grown = torch.nonzero(padded.flatten() >= GROWN_POINTS)[:, 0]
    around = _around(grown, 1, padded.shape[1])
    for _ in range(GROWTH):
        own = labels.view(-1)[grown]
        labels.view(-1)[grown] = torch.where(own == 0, labels.view(-1)[around].amax(0), own)
    return labels[2:-2, 2:-2].contiguous()


def _around(pixels: Tensor, radius: int, width: int) -> Tensor:
    """Return the neighbourhood of each pixel as indices into the flattened image, int64 [(2 r + 1)^2, K]."""
    offsets = torch.arange(-radius, radius + 1)
    return (offsets[:, None] * width + offsets).view(-1, 1) + pixels


def flow_errors(labels: Tensor, flow: Tensor) -> Tensor:
    """Return how far the direction of each cell's own flow differs from that of the predicted one.

    Lengths are not compared: after a short training the predicted flow is half as long as the true one. But
    where it is short, because the net was not sure, its direction counts less.

    Parameters
    ----------
    labels
        int32 [H, W].
    flow
        The predicted one, float32 [2, H, W].

    Returns
    -------
    Tensor
        By label, float64: 2 (1 - cosine), which is the squared length of the difference of two unit vectors,
        in the mean over a cell's pixels weighted by the length of the predicted flow. From 0 to 4; 0 for the
        background and for labels without pixels.
    """
    own = flow_to_centres(labels[None])[0]
    cell = labels.flatten().long() * (own != 0).any(0).flatten()
    length, along = torch.linalg.vector_norm(flow, dim=0), (own * flow).sum(0)
    off, total = (
        torch.bincount(cell, values.flatten().double(), minlength=int(labels.max()) + 1)
        for values in (length - along, length)
    )
    errors = 2 * off.clamp(min=0) / total.clamp(min=torch.finfo(torch.float32).tiny)
    errors[0] = 0
    return errors


def filled(labels: np.ndarray, area: int) -> np.ndarray:
    """Fill the holes (4 neighbours) of each cell with fewer than `area` pixels; labels [H, W] in and out.

    What touches two cells or the image's edge is no hole.

    >>> filled(np.array([[1, 1, 1, 2, 2], [1, 0, 1, 0, 2], [1, 1, 1, 2, 2]]), area=9)[1].tolist()
    [1, 1, 1, 0, 2]
    """
    holes, count = ndimage.label(labels == 0)
    hole, cell = _contacts(holes, labels)
    lowest, highest = np.full(count + 1, labels.max() + 1), np.zeros(count + 1, dtype=labels.dtype)
    np.minimum.at(lowest, hole, cell)
    np.maximum.at(highest, hole, cell)
    small = np.bincount(holes.ravel()) < area
    owner = np.where(small & (lowest == highest), highest, 0)
    owner[np.concatenate([holes[[0, -1]].ravel(), holes[:, [0, -1]].ravel()])] = 0
    return labels + owner[holes]


def _contacts(holes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return hole and cell of each side that a pixel of a hole shares with one of a cell, integers [2, K]."""
    sides = [
        (holes[1:], labels[:-1]),
        (holes[:-1], labels[1:]),
        (holes[:, 1:], labels[:, :-1]),
        (holes[:, :-1], labels[:, 1:]),
    ]
    pairs = [np.stack(pair)[:, (pair[0] > 0) & (pair[1] > 0)] for pair in sides]
    return np.concatenate(pairs, axis=1)
