"""SAM's mask decoder: asked for the cells in boxes, or at points, and what it has to learn."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision.ops import sigmoid_focal_loss
from transformers import SamModel

from monolayer.heads.base.losses import SMOOTH, summed_over_processes

FINER = 4
"""Outputs of the mask decoder along each side of a patch."""
MASK_WEIGHTS = {"focal": 20.0, "dice": 1.0, "iou": 1.0}
"""Of the terms of the loss; SAM's."""
MARGIN, MARGIN_PIXELS = 0.1, 2.0
"""A mask may leave its box by this fraction of the sides, and so many pixels more."""


class Masks(NamedTuple):
    """What the mask decoder says of K prompts."""

    logits: Tensor
    """Of belonging to the cell, float32 [K, 4 W, 4 W] for windows of W patches."""
    iou: Tensor
    """Predicted intersection over union with the true mask, float32 [K]."""


def ask(sam: SamModel, windows: Tensor, prompts: Tensor) -> Masks:
    """Ask for the cells of prompts.

    Parameters
    ----------
    sam
        Whose neck made the features.
    windows
        Features around each prompt, [K, C, W, W].
    prompts
        Boxes [K, 4] or points [K, 2], float32, in the encoder's pixels from the window's corner. Of the three
        masks that SAM has for a point, the one that it thinks best is taken.
    """
    count, points = len(prompts), prompts.shape[1] == 2
    # SAM cannot be asked for nothing: a last prompt that none wants is left out again.
    windows, prompts = (pad(own, (0, 0) * (own.ndim - 1) + (0, count == 0)) for own in (windows, prompts))
    with torch.autocast(windows.device.type, enabled=False):  # half a precision would move the boxes
        sparse, dense = sam.prompt_encoder(
            input_points=prompts[:, None, None] if points else None,
            input_labels=torch.ones_like(prompts[:, None, :1], dtype=torch.int) if points else None,
            input_boxes=None if points else prompts[:, None],
            input_masks=None,
        )
        logits, iou = sam.mask_decoder(
            image_embeddings=windows.float(),
            image_positional_embeddings=sam.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=points,
        )  # (K, 1, 1 or 3, 4 W, 4 W) and (K, 1, 1 or 3)
    chosen = torch.arange(len(prompts), device=iou.device), 0, iou[:, 0].argmax(dim=1)
    return Masks(logits[chosen].float()[:count], iou[chosen].float()[:count])


def margins(boxes: Tensor) -> Tensor:
    """Return where the masks of boxes may lie, float32 [K, 4].

    >>> margins(torch.tensor([[10.0, 20.0, 30.0, 30.0]]))
    tensor([[ 6., 17., 34., 33.]])
    """
    more = MARGIN * (boxes[:, 2:] - boxes[:, :2]) + MARGIN_PIXELS
    return torch.cat([boxes[:, :2] - more, boxes[:, 2:] + more], dim=1)


def inside(boxes: Tensor, side: int, step: float) -> Tensor:
    """Say which points of a grid are in boxes; bool [K, side, side].

    >>> inside(torch.tensor([[0.0, 2.0, 4.0, 9.0]]), side=3, step=2).int().tolist()
    [[[0, 0, 0], [1, 1, 0], [1, 1, 0]]]
    """
    point = step * (torch.arange(side, device=boxes.device) + 0.5)
    left, top, right, bottom = boxes.T[..., None]  # (K, 1) each
    rows, columns = (point > top) & (point < bottom), (point > left) & (point < right)
    return rows[:, :, None] & columns[:, None]


def mask_terms(masks: Masks, true: Tensor, near: Tensor) -> dict[str, Tensor]:
    """Return the terms of the mask decoder's loss: means over the prompts of the batch.

    Parameters
    ----------
    masks
        What it says of K prompts.
    true
        Fraction of the true mask, float32 [K, 4 W, 4 W].
    near
        Where a mask may lie, of the same shape, bool; elsewhere nothing is learned.

    Returns
    -------
    dict
        Scalars: ``focal`` loss and ``dice`` loss, and the squared error of the predicted ``iou``.
    """
    every, area = (1, 2), near.sum((1, 2)).clamp(min=1)
    probability, true = masks.logits.sigmoid() * near, true * near
    focal = (sigmoid_focal_loss(masks.logits, true) * near).sum(every) / area
    both, either = (probability * true).sum(every), probability.sum(every) + true.sum(every)
    dice = 1 - (2 * both + SMOOTH) / (either + SMOOTH)
    iou = (masks.iou - true_iou(probability > 0.5, true > 0.5)).square()
    sums = torch.stack(
        [focal.sum(), dice.sum(), iou.sum(), area.new_tensor(float(len(area)), dtype=focal.dtype)]
    )
    *totals, count = summed_over_processes(sums)
    return {name: total / count.clamp(min=1) for name, total in zip(MASK_WEIGHTS, totals, strict=True)}


def true_iou(masks: Tensor, true: Tensor) -> Tensor:
    """Return the intersection over union of masks bool [K, S, S], float32 [K]; 0 of nothing with nothing."""
    shared, either = ((masks & true).sum((1, 2)), (masks | true).sum((1, 2)))
    return shared / either.clamp(min=1)
