"""The cells of prompts: asked for some at a time, and drawn in the pixels of the image."""

import torch
from torch import Tensor
from transformers import SamModel

from monolayer.models.base.box_masks import box_mask_runs
from monolayer.models.cellsam.masks import Masks, ask
from monolayer.models.cellsam.windows import Frame
from monolayer.predictions.cells import Cells

AT_ONCE = 64
"""Prompts."""


def predict_masks(
    sam: SamModel,
    frame: Frame,
    embeddings: Tensor,
    prompts: Tensor,
    near: Tensor,
    scores: Tensor,
    mask_iou: float,
) -> Cells:
    """Return the cells of prompts in one image.

    Parameters
    ----------
    sam
        Whose neck made the features.
    frame
        How windows lie.
    embeddings
        Features behind the neck, [C, h, w].
    prompts
        Boxes [K, 4] or points [K, 2] in pixels of the image, float32.
    near
        Boxes outside which the masks are cut off, float32 [K, 4].
    scores
        Of the prompts, float32 [K]; those of the cells are these times the predicted IoU.
    mask_iou
        Cells with a lower predicted IoU are left out.
    """
    windows = frame.windows(prompts.repeat(1, 4 // prompts.shape[1]), *embeddings.shape[-2:])
    masks = _asked(sam, frame, embeddings, prompts, windows)
    iou = masks.iou.clamp(0, 1)
    good = iou >= mask_iou
    height, width = (frame.stride * side for side in embeddings.shape[-2:])
    squares = frame.outlines(windows[good])
    runs = box_mask_runs(masks.logits[good].sigmoid(), squares, height, width, within=near[good])
    return Cells(runs, (scores * iou)[good].cpu().numpy())


def _asked(sam: SamModel, frame: Frame, embeddings: Tensor, prompts: Tensor, windows: Tensor) -> Masks:
    prompts = frame.prompts(prompts, windows)
    parts = [
        ask(sam, frame.cut(embeddings, some), own)
        for some, own in zip(windows.split(AT_ONCE), prompts.split(AT_ONCE), strict=True)
    ]
    return Masks(*(torch.cat(part) for part in zip(*parts, strict=True)))


def grid(height: int, width: int, spacing: float, device: torch.device) -> Tensor:
    """Return points over an image, float32 [K, 2]: x and y in pixels.

    >>> grid(5, 8, 4, torch.device("cpu")).tolist()
    [[2.0, 2.0], [6.0, 2.0]]
    """
    y, x = (torch.arange(0.5 * spacing, side, spacing, device=device) for side in (height, width))
    return torch.cartesian_prod(y, x).flip(1)
