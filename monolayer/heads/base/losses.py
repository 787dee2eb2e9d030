"""Terms of a loss that belong to a whole batch, also where several processes hold a part of it each."""

from typing import Any

import torch
from torch import Tensor, distributed

SMOOTH = 1e-5
"""Keeps the Dice of nothing with nothing at 1."""


def dice_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return 1 - Dice of the whole batch, with probabilities for masks (Milletari et al. 2016).

    Parameters
    ----------
    logits
        float32 [B, C, H, W].
    targets
        Masks, 0 or 1, of the same type and shape.

    Returns
    -------
    Tensor
        Scalar: the mean over the channels.
    """
    probabilities, every = torch.sigmoid(logits), (0, 2, 3)
    products = (probabilities * targets, probabilities, targets)
    shared, predicted, true = summed_over_processes(torch.stack([part.sum(every) for part in products]))
    # In the order of MONAI's DiceLoss(sigmoid=True, batch=True), which gives the same bits.
    false = predicted - shared
    missed = true - shared
    numerator = 2 * shared + SMOOTH
    return (1 - numerator / (2 * (shared + 0.5 * false + 0.5 * missed) + SMOOTH)).mean()


def summed_over_processes(sums: Tensor) -> Tensor:
    """Add up what each process has of a batch, where a gradient is to be had: not in a validation.

    Every process then has the loss of the whole batch, and gets for its sums the gradients of all processes
    together, of which DDP takes the mean: the gradient of the whole batch.
    """
    together = distributed.is_available() and distributed.is_initialized()
    return _Sum.apply(sums) if together and sums.requires_grad else sums


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, sums: Tensor) -> Tensor:
        total = sums.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _Sum.apply(gradient.contiguous())
