"""Foreground against background: one logit for each pixel."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from monolayer.heads.base.head import PixelHead
from monolayer.heads.base.losses import dice_loss
from monolayer.heads.foreground.settings import Settings


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
    terms: dict[str, Term] = {"dice": dice_loss, "bce": binary_cross_entropy_with_logits}
    weights = settings.model_dump()
    if settings.focal > 0:
        from monai.losses.focal_loss import FocalLoss  # takes seconds, for a term that few ask for

        terms["focal"] = FocalLoss(gamma=2.0)
    return {name: (weights[name], term) for name, term in terms.items() if weights[name] > 0}


def build(settings: Settings) -> ForegroundHead:
    """Build the head."""
    return ForegroundHead(settings)
