"""Foreground against background: one logit for each pixel."""

from collections.abc import Callable

import torch
from monai.losses.focal_loss import FocalLoss
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from monolayer import parameters
from monolayer.heads._head import PixelHead
from monolayer.losses import dice_loss
from monolayer.parameters import Number


class Settings(parameters.Settings):
    """Weights of the terms of the loss; a term of weight 0 is not computed."""

    dice: Number = Field(default=1.0, ge=0)
    """1 - Dice of the whole batch, with probabilities for masks (Milletari et al. 2016)."""
    bce: Number = Field(default=1.0, ge=0)
    """Binary cross-entropy: with two classes, the cross-entropy. Mean over the pixels."""
    focal: Number = Field(default=0.0, ge=0)
    """Focal loss with gamma 2 (Lin et al. 2017): cross-entropy that makes light of what is easy."""

    @model_validator(mode="after")
    def _has_a_term(self) -> "Settings":
        if not any((self.dice, self.bce, self.focal)):
            raise ValueError("all weights are 0: give at least one of dice, bce and focal")
        return self


class ForegroundHead(PixelHead):
    """Tells foreground from background."""

    channels = 1
    judged_by = "dice"

    def __init__(self, settings: Settings) -> None:
        self._terms = _weighted_terms(settings)

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into foreground float32 [B, 1, H, W]."""
        return (labels > 0).unsqueeze(1).float()

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return each term and their weighted sum, ``loss``; each is a scalar."""
        logits = outputs.float()
        terms = {name: term(logits, targets) for name, (_, term) in self._terms.items()}
        total = torch.stack([weight * terms[name] for name, (weight, _) in self._terms.items()]).sum()
        return {"loss": total, **terms}

    def maps(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, 1, H, W]."""
        return torch.sigmoid(outputs.float())

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, H, W]."""
        return self.maps(outputs)[:, 0]


Term = Callable[[Tensor, Tensor], Tensor]
"""From logits and targets to a scalar."""


def _weighted_terms(settings: Settings) -> dict[str, tuple[float, Term]]:
    terms: dict[str, Term] = {
        "dice": dice_loss,
        "bce": binary_cross_entropy_with_logits,
        "focal": FocalLoss(gamma=2.0),
    }
    weights = settings.model_dump()
    return {name: (weights[name], term) for name, term in terms.items() if weights[name] > 0}


def build(settings: Settings) -> ForegroundHead:
    """Build the head."""
    return ForegroundHead(settings)
