"""StarDist: the probability of being in a cell's middle, and how far the cell reaches in 32 directions.

Source: Schmidt, Weigert, Broaddus and Myers, Cell detection with star-convex polygons, MICCAI 2018.

Ray k points at the angle 2 pi k / 32: ray 0 to the right, ray 8 down, and so on clockwise, as one sees the
picture.

Targets are made of each batch of crops, on the device that trains. scipy's distance transform would take a
mask for each of the cells that touch, and stardist's C++ one image at a time; both run on the CPU alone.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, pad, softplus

from monolayer.heads.base.head import PixelHead
from monolayer.heads.base.losses import dice_loss, summed_over_processes
from monolayer.heads.stardist.settings import Settings

RAYS = 32
"""Directions."""
EVERY = 3
"""Distances are learned at every third pixel in each direction; see `StarDistHead.targets`."""
LEAPS, WINDOW = 6, 16
"""How often all rays leap, and how many steps are looked ahead first; see `_last_steps`."""
UNIT = 8.0
"""Pixels to one unit of the net's outputs: cells reach some units far, as far as outputs are wont to."""


class StarDistHead(PixelHead):
    """Learns object probability, 32 distances in pixels, and the foreground, in this order of channels.

    The foreground is an addition to the paper: the object probability falls towards a cell's border, so that
    it does not tell what belongs to a cell.
    """

    channels = RAYS + 2

    def __init__(self, settings: Settings) -> None:
        self._weights = settings.model_dump()

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into what the channels are to be, float32 [B, 34, H, W].

        Distances are learned at every third pixel in each direction, as neighbours say nearly the same; they
        are NaN elsewhere, and 0 in the background. With every second one, those learned would always be the
        same of the four pixels that a net's upsampling makes of one, and the net wrong at the other three.
        """
        squared = squared_depth(labels)
        targets = squared.new_full((len(labels), self.channels, *labels.shape[1:]), math.nan)
        targets[:, 0] = object_probability(labels, squared)
        targets[:, 1:-1, ::EVERY, ::EVERY] = ray_lengths(labels, squared, EVERY)
        targets[:, -1] = labels > 0
        return targets

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return each term and their weighted sum, ``loss``; each is a scalar."""
        outputs = outputs.float()
        foreground = outputs[:, -1:], targets[:, -1:]
        terms = {
            "probability": binary_cross_entropy_with_logits(outputs[:, 0], targets[:, 0]),
            "distance": _distance_error(outputs[..., ::EVERY, ::EVERY], targets[..., ::EVERY, ::EVERY]),
            "foreground": binary_cross_entropy_with_logits(*foreground) + dice_loss(*foreground),
        }
        total = torch.stack([weight * terms[name] for name, weight in self._weights.items()]).sum()
        return {"loss": total, **terms}

    def maps(self, outputs: Tensor) -> Tensor:
        """Return object probability, distances in pixels and probability of the foreground.

        float32 [B, 34, H, W].
        """
        outputs = outputs.float()
        probability, foreground = torch.sigmoid(outputs[:, :1]), torch.sigmoid(outputs[:, -1:])
        return torch.cat([probability, _distances(outputs), foreground], dim=1)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, H, W]."""
        return torch.sigmoid(outputs[:, -1].float())

    def invert_orientation(self, outputs: Tensor, quarter_turns: int, reflected: bool) -> Tensor:
        """Put the rays of a rotated image in the image's own order, see `PixelHead.invert_orientation`."""
        rays = torch.arange(RAYS, device=outputs.device)
        if reflected:
            rays = RAYS // 2 - rays
        rays = (rays - quarter_turns * RAYS // 4) % RAYS  # rot90 turns against the clock
        return torch.cat([outputs[:, :1], outputs[:, 1:-1][:, rays], outputs[:, -1:]], dim=1)


def _distances(outputs: Tensor) -> Tensor:
    return UNIT * softplus(outputs[:, 1:-1])


def _distance_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean absolute error in pixels, weighted by the object probability; scalar."""
    weight = targets[:, 0]
    error = (_distances(outputs) - targets[:, 1:-1]).abs().mean(dim=1)
    sums = torch.stack([(weight * error).sum(), weight.sum()])
    weighted, whole = summed_over_processes(sums)
    return weighted / whole.clamp(min=1)


def object_probability(labels: Tensor, squared: Tensor) -> Tensor:
    """Return the distance to the cell's border, 1 at the innermost pixel of each cell and 0 outside.

    Of a cell that the image's edge cuts, what is seen of it counts.

    Parameters
    ----------
    labels
        Label images int32 [B, H, W]; an image's cells have nothing to do with another's.
    squared
        As `squared_depth` returns it.

    Returns
    -------
    Tensor
        float32 [B, H, W].

    Examples
    --------
    >>> labels = torch.tensor([[[0, 2, 2, 2, 2, 7]]])
    >>> object_probability(labels, squared_depth(labels))
    tensor([[[0.0000, 0.5000, 1.0000, 1.0000, 0.5000, 1.0000]]])
    """
    count = labels.amax() + 1
    cell = labels + count * torch.arange(len(labels), device=labels.device)[:, None, None]  # int64
    depth = squared.sqrt()
    deepest = depth.new_zeros(len(labels) * int(count))
    deepest.scatter_reduce_(0, cell.flatten(), depth.flatten(), "amax")
    return depth / deepest[cell].clamp(min=1)


def squared_depth(labels: Tensor) -> Tensor:
    """Return the square of the distance in pixels to the nearest pixel of another label, 0 in the background.

    Exact, also where cells touch. The image's edge is no border, as cells go on behind it; but where one cell
    fills a whole image, it is.

    Parameters
    ----------
    labels
        Label images int32 [B, H, W].

    Returns
    -------
    Tensor
        float32 [B, H, W].

    Examples
    --------
    >>> squared_depth(torch.tensor([[[1, 1, 1, 0], [1, 1, 1, 0], [5, 5, 5, 0]]]))
    tensor([[[4., 4., 1., 0.],
             [1., 1., 1., 0.],
             [1., 1., 1., 0.]]])
    """
    in_column, in_row = (_nearest_other(labels, dim).square() for dim in (1, 2))
    squared = torch.where(labels > 0, torch.minimum(in_column, in_row), 0.0)
    # The nearest one is d columns away, and as far up or down as the column there says. A column behind
    # another cell may say what it likes: the other cell itself, in the same row, is nearer.
    reach = min(math.sqrt(squared.amax().item()), labels.shape[2] - 1)
    for d in range(1, int(reach) + 1):
        torch.minimum(squared[..., d:], in_column[..., :-d] + d**2, out=squared[..., d:])
        torch.minimum(squared[..., :-d], in_column[..., d:] + d**2, out=squared[..., :-d])
    return torch.where(squared.isinf(), _steps_to_edge(labels).square(), squared)


def _nearest_other(labels: Tensor, dim: int) -> Tensor:
    """Return the distance to the nearest pixel of another label along a dimension, inf where none is."""
    position = torch.arange(labels.shape[dim], dtype=torch.float32, device=labels.device)
    position = position.unsqueeze(1) if dim == 1 else position
    changes = labels.diff(dim=dim) != 0
    never = torch.zeros_like(labels.narrow(dim, 0, 1), dtype=torch.bool)
    first, last = torch.cat([never, changes], dim), torch.cat([changes, never], dim)
    start = torch.where(first, position, -math.inf).cummax(dim).values
    end = -torch.where(last, -position, -math.inf).flip(dim).cummax(dim).values.flip(dim)
    return torch.minimum(position - start, end - position) + 1


def _steps_to_edge(labels: Tensor) -> Tensor:
    """Return how many steps lead out of the image, float32 [H, W]; 1 at its edge."""
    rows, columns = (torch.arange(1.0, size + 1, device=labels.device) for size in labels.shape[1:])
    rows, columns = torch.minimum(rows, rows.flip(0)), torch.minimum(columns, columns.flip(0))
    return torch.minimum(rows.unsqueeze(1), columns)


def ray_lengths(labels: Tensor, squared: Tensor, every: int) -> Tensor:
    """Return how far from the middle of a pixel its cell ends in each direction, 0 in the background.

    A ray takes steps of one column, or of one row where it is steeper than a diagonal. It ends at half the
    step that leaves the cell or the image.

    Parameters
    ----------
    labels
        Label images int32 [B, H, W].
    squared
        As `squared_depth` returns it: what is nearer belongs to the cell and need not be looked at.
    every
        Only rows and columns 0, `every`, 2 `every` and so on are asked for: h rows and w columns.

    Returns
    -------
    Tensor
        float32 [B, 32, h, w], in pixels.

    Examples
    --------
    >>> labels = torch.tensor([[[4, 4, 4, 3], [4, 4, 4, 3], [4, 4, 4, 3]]])
    >>> lengths = ray_lengths(labels, squared_depth(labels), every=1)[0, :, 1, 0]
    >>> lengths[[0, 4, 8, 16]]  # right, right and down, down, left
    tensor([2.5000, 2.1213, 1.5000, 0.5000])
    """
    batch, height, width = labels.shape
    image, row, column = torch.nonzero(labels[:, ::every, ::every], as_tuple=True)
    start = (image * (height + 2) + every * row + 1) * (width + 2) + every * column + 1
    steps, length = _ray_steps(max(height, width), width + 2)
    step = _last_steps(labels, _free_steps(labels, squared), start.int(), steps.to(labels.device))
    lengths = squared.new_zeros(batch, *(-(-size // every) for size in (height, width)), RAYS)
    lengths[image, row, column] = (step - 0.5) * length.to(labels.device)
    return lengths.movedim(-1, 1)


def _ray_steps(longest: int, width: int) -> tuple[Tensor, Tensor]:
    """Return where the steps of each ray lead, and how long each ray's step is in pixels.

    int32 [longest + 1, 32], as differences between positions in rows of `width` pixels, and float32 [32].
    """
    angle = torch.arange(RAYS, dtype=torch.float64) * (2 * math.pi / RAYS)
    down, right = angle.sin(), angle.cos()
    length = 1 / torch.maximum(down.abs(), right.abs())
    step = torch.arange(longest + 1).unsqueeze(1)
    places = torch.round(step * down * length) * width + torch.round(step * right * length)
    return places.int(), length.float()


def _free_steps(labels: Tensor, squared: Tensor) -> Tensor:
    """Return the first step of any ray that may leave the cell or the image, int32 [B, H, W]."""
    # After n steps a ray is n times the root of 2 away at most.
    return torch.minimum((squared / 2).sqrt().ceil(), _steps_to_edge(labels)).int()


def _last_steps(labels: Tensor, free: Tensor, start: Tensor, steps: Tensor) -> Tensor:
    """Return which step leaves the cell, int32 [P, 32].

    All rays leap over what is free around them, some times. The few that then still go on, along a border,
    are looked ahead for more and more steps at once, so that a GPU is waited for a few times, not each step.

    `start` are positions in the images, a ring of one pixel around each and all in one row; int32 [P].
    """
    ringed = pad(labels, (1, 1, 1, 1), value=-1).flatten()
    free, steps = RAYS * pad(free, (1, 1, 1, 1)).flatten(), steps.flatten()
    # Where each ray is in `steps`: 32 times the step, and its number.
    at = free[start].unsqueeze(1) + torch.arange(RAYS, dtype=torch.int32, device=labels.device)
    start, at = start.repeat_interleave(RAYS), at.flatten()
    own = ringed[start]
    for _ in range(LEAPS):
        here = start + steps[at]
        at = at + free[here] * (ringed[here] == own)  # a ray that has left stays where it is
    ray, window = torch.nonzero(ringed[start + steps[at]] == own)[:, 0], WINDOW
    while len(ray):
        ahead = at[ray].unsqueeze(1) + torch.arange(0, RAYS * window, RAYS, device=labels.device)
        here = start[ray].unsqueeze(1) + steps[ahead.clamp(max=len(steps) - 1)]
        within = ringed[here.clamp(0, len(ringed) - 1)] == own[ray].unsqueeze(1)
        count = (
            pad(within.byte(), (0, 1)).argmin(1).int()
        )  # the first that is not; behind the ring is anything
        at[ray] += RAYS * count
        ray = ray[torch.nonzero(count == window)[:, 0]]
        window *= 2
    return (at // RAYS).view(-1, RAYS)


def build(settings: Settings) -> StarDistHead:
    """Build the head."""
    return StarDistHead(settings)
