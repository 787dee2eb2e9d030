"""The flow of each pixel to the centre of its cell (Cellpose: Stringer et al., Nat Methods 18:100, 2021)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool2d, mse_loss, pad

from monolayer.heads.base.head import PixelHead
from monolayer.heads.base.losses import dice_loss
from monolayer.heads.flow.settings import Settings

FLOW_SCALE = 5.0
"""The net learns the unit vectors times this, as in the paper."""
MOST_STEPS = 256
"""Steps of the diffusion at most: enough for 200 pixels from the centre."""
GAP = 3
"""Gaps of up to twice so many pixels within a cell are crossed by its flow."""
MOST_DEPTH = 16
"""Pixels farther from the cell's border are as deep as this."""
DEEP = 0.7
"""The centre is at least so deep, as a fraction of the cell's greatest depth."""
_UNIT = 2.0**120
"""Of heat. In a process one pixel wide it falls to an eighth with each pixel: so 32 bits reach along 90."""


class FlowHead(PixelHead):
    """Tells foreground from background, and in the foreground the direction of the cell's centre.

    Channels are the logit of the foreground, and 5 times the flow down and to the right.
    """

    channels = 3

    def __init__(self, settings: Settings) -> None:
        self._terms = _weighted_terms(settings)

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into foreground and unit flow, float32 [B, 3, H, W].

        A cell that the crop cuts flows to the centre of what the crop shows of it, as if that were the whole.
        """
        return torch.cat([(labels > 0).unsqueeze(1).float(), flow_to_centres(labels)], dim=1)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return each term and their weighted sum, ``loss``; each is a scalar."""
        outputs = outputs.float()
        terms = {name: term(outputs, targets) for name, (_, term) in self._terms.items()}
        total = torch.stack([weight * terms[name] for name, (weight, _) in self._terms.items()]).sum()
        return {"loss": total, **terms}

    def maps(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground and the flow down and right, float32 [B, 3, H, W]."""
        outputs = outputs.float()
        return torch.cat([torch.sigmoid(outputs[:, :1]), outputs[:, 1:] / FLOW_SCALE], dim=1)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, H, W]."""
        return torch.sigmoid(outputs[:, 0].float())

    def invert_orientation(self, outputs: Tensor, quarter_turns: int, reflected: bool) -> Tensor:
        """Turn the directions back, see `PixelHead.invert_orientation`."""
        logit, down, right = outputs.unbind(1)
        for _ in range(quarter_turns):
            down, right = right, -down
        return torch.stack([logit, down, -right if reflected else right], dim=1)


Term = Callable[[Tensor, Tensor], Tensor]
"""From outputs and targets to a scalar."""


def _weighted_terms(settings: Settings) -> dict[str, tuple[float, Term]]:
    terms: dict[str, Term] = {
        "bce": lambda outputs, targets: binary_cross_entropy_with_logits(outputs[:, 0], targets[:, 0]),
        "flow": flow_loss,
        "dice": lambda outputs, targets: dice_loss(outputs[:, :1], targets[:, :1]),
    }
    weights = settings.model_dump()
    return {name: (weights[name], term) for name, term in terms.items() if weights[name] > 0}


def flow_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of the flow times 5; float32 [B, 3, H, W] in, a scalar out.

    A pixel of the foreground without a direction (see `flow_to_centres`) counts as if it were right.
    """
    foreground, flow = targets[:, :1], targets[:, 1:]
    known = (foreground == 0) | (flow != 0).any(1, keepdim=True)
    return mse_loss(outputs[:, 1:] * known, FLOW_SCALE * flow)


def flow_to_centres(labels: Tensor) -> Tensor:
    """Return the direction in which each pixel's cell gets warmer when its centre is heated.

    The centre lies in the cell's body: of the pixels that are `DEEP` in the cell, it is the one nearest to
    the median of the cell's rows and of its columns, the first of several. The median of a branching cell
    alone may lie in a branch, or in a small piece apart.

    In each step the centre gets a unit of heat; then each pixel of the cell gets the mean of its 3 x 3
    neighbourhood, where what is outside the cell is cold. The flow is the gradient (central differences) of
    log(1 + heat), made one long. What the flow crosses on its way belongs to the cell here, see `closed`.

    Parameters
    ----------
    labels
        int32 [B, H, W], 0 = background. Labels may have gaps; equal ones in two images are two cells.

    Returns
    -------
    Tensor
        Flow down and right, float32 [B, 2, H, W]: unit vectors; 0 in the background and where there is no
        direction: in the middle of a symmetric cell, in a piece of a cell that is farther than twice `GAP`
        from the one with the centre or behind another cell, and where the heat does not get (`MOST_STEPS`).

    Notes
    -----
    There are twice as many steps as the cell is high and wide together, as in the paper, rounded up to a
    multiple of 8, and `MOST_STEPS` at most. So a cell's flow depends on nothing but its own pixels.

    Examples
    --------
    >>> down, right = flow_to_centres(torch.tensor([[[7, 7, 7, 0, 4]]]))[0]
    >>> right.tolist()
    [[1.0, 0.0, -1.0, 0.0, 0.0]]
    """
    batch, height, width = labels.shape
    flow = torch.zeros(2, labels.numel(), device=labels.device)
    if labels.any():
        pixels = _pixels_of_cells(closed(labels))
        neighbours = _neighbours(pixels, labels.shape)
        heat = _heat(pixels, _centres(pixels, neighbours), neighbours)
        flow[:, pixels.position] = _direction(heat, neighbours).float()
    return flow.view(2, batch, height, width).transpose(0, 1)


def closed(labels: Tensor) -> Tensor:
    """Close the gaps of each cell, and the small holes, as far as they are background.

    A morphological closing of each cell with a square of side 2 `GAP` + 1, but not where that reaches the
    image's edge or pixels that are nearer to another cell. Labels int32 [B, H, W] in and out.

    Examples
    --------
    >>> row = torch.tensor([0, 0, 0, 5, 0, 0, 5, 0, 0, 0, 0, 0, 2], dtype=torch.int32)
    >>> closed(row.expand(1, 9, 13))[0, 4].tolist()
    [0, 0, 0, 5, 5, 5, 5, 0, 0, 0, 0, 0, 2]
    """
    expanded = labels.float()
    for _ in range(GAP):
        expanded = torch.where(expanded == 0, max_pool2d(expanded, 3, 1, 1), expanded)
    framed = pad(expanded, (GAP,) * 4)
    alone = _highest_around(framed) == -_highest_around(-framed)
    return torch.where((labels == 0) & alone, expanded.int(), labels)


def _highest_around(values: Tensor) -> Tensor:
    """Return the maximum of each square of side 2 `GAP` + 1."""
    side = 2 * GAP + 1
    return max_pool2d(max_pool2d(values, (side, 1), 1), (1, side), 1)


class _Pixels(NamedTuple):
    """The P pixels of the N cells of a batch, cell by cell; cells that need more steps come first."""

    position: Tensor
    """int64 [P], place in the flattened batch."""
    cell: Tensor
    """int64 [P], number of the cell, ascending from 0."""
    eccentricity: Tensor
    """int64 [P], squared distance from the median of the cell's rows and columns, in half pixels."""
    steps: Tensor
    """int64 [N], steps of the diffusion, descending."""


def _pixels_of_cells(labels: Tensor) -> _Pixels:
    image, row, column = torch.nonzero(labels, as_tuple=True)
    label = labels[image, row, column].long()
    cell = torch.unique(image * (label.amax() + 1) + label, return_inverse=True)[1]
    height, middle_row = _extent_and_middle(row, cell)
    width, middle_column = _extent_and_middle(column, cell)
    distance = (2 * row - middle_row[cell]) ** 2 + (2 * column - middle_column[cell]) ** 2
    steps = ((2 * (height + width) + 7) // 8 * 8).clamp(max=MOST_STEPS)
    steps, by_steps = torch.sort(steps, descending=True, stable=True)
    cell, order = torch.sort(torch.argsort(by_steps)[cell], stable=True)
    position = (image * labels.shape[1] + row) * labels.shape[2] + column
    return _Pixels(position[order], cell, distance[order], steps)


def _extent_and_middle(coordinate: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far each cell extends in pixels, and twice its median coordinate; int64 all."""
    span = int(coordinate.amax()) + 1
    ordered = torch.sort(cell * span + coordinate)[0] % span
    counts = torch.bincount(cell)
    first = torch.cumsum(counts, 0) - counts
    twice_median = ordered[first + (counts - 1) // 2] + ordered[first + counts // 2]
    return ordered[first + counts - 1] - ordered[first] + 1, twice_median


def _centres(pixels: _Pixels, neighbours: Tensor) -> Tensor:
    """Return the index of each cell's centre among the pixels, int64 [N]."""
    depth = _depth(neighbours)
    deepest = depth.new_zeros(len(pixels.steps)).scatter_reduce(0, pixels.cell, depth, "amax")
    shallow = depth < DEEP * deepest[pixels.cell]
    beyond = pixels.eccentricity.amax() + 1
    return _first_smallest(torch.where(shallow, beyond, pixels.eccentricity), pixels.cell)


def _depth(neighbours: Tensor) -> Tensor:
    """Return how often a cell can be eroded until a pixel goes, up to `MOST_DEPTH`; float32 [P]."""
    inside = torch.ones(neighbours.shape[1] + 1, device=neighbours.device)
    inside[-1] = 0
    depth = torch.zeros_like(inside[:-1])
    for _ in range(MOST_DEPTH):
        inside[:-1] = inside.index_select(0, neighbours.view(-1)).view(neighbours.shape).amin(0)
        depth += inside[:-1]
    return depth


def _first_smallest(values: Tensor, cell: Tensor) -> Tensor:
    """Return the index of the first of each cell's smallest values; int64 all."""
    ranked = values * len(values) + torch.arange(len(values), device=values.device)
    smallest = ranked.new_zeros(int(cell[-1]) + 1).scatter_reduce(0, cell, ranked, "amin", include_self=False)
    return smallest % len(values)


def _neighbours(pixels: _Pixels, shape: torch.Size) -> Tensor:
    """Return the 3 x 3 neighbourhood of each pixel by index, row by row; P for what is outside the cell.

    int32 [9, P], as half the memory is read faster.
    """
    _, height, width = shape
    count = len(pixels.cell)
    index = torch.full((shape.numel(),), count, dtype=torch.int32, device=pixels.cell.device)
    index[pixels.position] = torch.arange(count, dtype=torch.int32, device=index.device)
    padded = pad(index.view(shape), (1, 1, 1, 1), value=count)
    shifted = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    neighbours = torch.stack([plane.reshape(-1).index_select(0, pixels.position) for plane in shifted])
    cell = pad(pixels.cell, (0, 1), value=-1).index_select(0, neighbours.view(-1)).view(9, count)
    return torch.where(cell == pixels.cell, neighbours, count)


def _heat(pixels: _Pixels, centres: Tensor, neighbours: Tensor) -> Tensor:
    """Return the heat of each pixel after its cell's steps, float64 [P + 1]; the last is what is outside."""
    heat = torch.zeros(len(pixels.cell) + 1, device=neighbours.device)
    supply = torch.zeros_like(heat).index_fill(0, centres, _UNIT)
    supply = supply.index_select(0, neighbours.view(-1)).view(neighbours.shape).mean(0)
    behind = torch.cumsum(torch.bincount(pixels.cell), 0).tolist()
    levels, cells = torch.unique_consecutive(pixels.steps, return_counts=True)
    last, done = len(behind), 0
    for steps, ending in zip(levels.flip(0).tolist(), cells.flip(0).tolist(), strict=True):
        count = behind[last - 1]
        warm, around, supplied = heat[:count], neighbours[:, :count].reshape(-1), supply[:count]
        for _ in range(steps - done):  # few and large operations: on a GPU each takes as long as another
            torch.mean(heat.index_select(0, around).view(9, count), dim=0, out=warm)
            warm += supplied
        last, done = last - ending, steps
    return heat.double() / _UNIT


def _direction(heat: Tensor, neighbours: Tensor) -> Tensor:
    """Return the unit vector down and right to where log(1 + heat) rises, float64 [2, P]."""
    logarithm = torch.log1p(heat)
    _, up, _, left, _, right, _, down, _ = neighbours
    gradient = torch.stack([logarithm[down] - logarithm[up], logarithm[right] - logarithm[left]])
    steepness = torch.hypot(*gradient)  # does not underflow as the root of squares does
    # Where the sides of a pixel are equal but for rounding there is no direction.
    clear = steepness > 1e-5 * logarithm[:-1]
    return torch.where(clear, gradient / steepness, 0)


def build(settings: Settings) -> FlowHead:
    """Build the head."""
    return FlowHead(settings)
