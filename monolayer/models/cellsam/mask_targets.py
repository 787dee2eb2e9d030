"""What the mask decoder learns from: true boxes as prompts, and the masks of their cells."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from monolayer.heads.boxes.head import BoxTargets
from monolayer.models.cellsam.masks import FINER, inside, margins
from monolayer.models.cellsam.windows import Frame

JITTER = 0.1
"""Boxes are moved by so much of their sides, as a standard deviation, while training: SAM's."""


class MaskTargets(NamedTuple):
    """K prompts, and what is to be said to them."""

    windows: Tensor
    """Features around each, [K, C, W, W]."""
    prompts: Tensor
    """Boxes as `Frame.prompts` returns them, float32 [K, 4]."""
    true: Tensor
    """Fraction of the true mask in each of the mask decoder's outputs, float32 [K, 4 W, 4 W]."""
    near: Tensor
    """Where the mask may lie, bool [K, 4 W, 4 W]."""


def mask_targets(
    frame: Frame, embeddings: Tensor, target: BoxTargets, most: int, training: bool
) -> MaskTargets:
    """Return the prompts and mask targets of one image.

    Parameters
    ----------
    frame
        How windows lie.
    embeddings
        Features behind the neck, [C, h, w].
    target
        The cells of the image.
    most
        So many cells at most.
    training
        Cells are drawn at random, and their boxes are not exact, as those of the detector will not be.
    """
    chosen = _some(len(target.boxes), most, training, embeddings.device)
    boxes = shaken(target.boxes[chosen]) if training else target.boxes[chosen]
    windows = frame.windows(boxes, *embeddings.shape[-2:])
    true = frame.cut(target.labels, windows, pixels=True) == target.numbers[chosen, None, None]
    fine = frame.stride // FINER
    corner = frame.outlines(windows)[:, :2].repeat(1, 2)
    return MaskTargets(
        frame.cut(embeddings, windows),
        frame.prompts(boxes, windows),
        avg_pool2d(true.float().unsqueeze(1), fine).squeeze(1),
        inside(margins(boxes) - corner, FINER * frame.side, fine),
    )


def _some(count: int, most: int, at_random: bool, device: torch.device) -> Tensor:
    """Return numbers below `count`, all or `most` of them, at random or evenly spread, int64."""
    if at_random:
        return torch.randperm(count, device=device)[:most]
    return torch.linspace(0, count - 1, min(count, most), device=device).round().long()


def shaken(boxes: Tensor) -> Tensor:
    """Move the edges of boxes, float32 [K, 4], at random."""
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + JITTER * sides * torch.randn_like(boxes)
