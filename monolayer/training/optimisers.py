"""Optimisers and learning-rate schedules, by the names that params.yaml has for them."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
)

from monolayer.training.settings import OptimiserSettings


def build_optimiser(
    weights: Iterable[nn.Parameter], settings: OptimiserSettings, lr: float, steps: int, fused: bool = True
) -> tuple[Optimizer, LRScheduler]:
    """Return the optimiser and its schedule, which is to be advanced after each step.

    Parameters
    ----------
    weights
        What to train.
    settings
        Which ones.
    lr
        Highest learning rate.
    steps
        Of the whole training.
    fused
        Take the optimiser's fastest form. It undoes the scaling of float16's losses within its step, too late
        for gradients that are to be clipped before.
    """
    optimiser = _optimiser(weights, settings, lr, fused or None)  # None: torch's choice among the others
    return optimiser, _schedule(optimiser, settings, lr, steps)


def _optimiser(
    weights: Iterable[nn.Parameter], settings: OptimiserSettings, lr: float, fused: bool | None
) -> Optimizer:
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            weights,
            lr=lr,
            momentum=settings.momentum,
            nesterov=True,
            weight_decay=settings.weight_decay,
            fused=fused,
        )
    adam = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimizer]
    return adam(weights, lr=lr, weight_decay=settings.weight_decay, fused=fused)


def _schedule(optimiser: Optimizer, settings: OptimiserSettings, lr: float, steps: int) -> LRScheduler:
    if settings.schedule == "one-cycle":
        return OneCycleLR(
            optimiser, max_lr=lr, total_steps=steps, pct_start=settings.warm_up, cycle_momentum=False
        )
    if settings.schedule == "constant":
        return ConstantLR(optimiser, factor=1.0)
    rising = round(settings.warm_up * steps)
    falling = CosineAnnealingLR(optimiser, T_max=max(steps - rising, 1))
    if not rising:
        return falling
    return SequentialLR(
        optimiser, [LinearLR(optimiser, 1 / (rising + 1), total_iters=rising), falling], milestones=[rising]
    )
