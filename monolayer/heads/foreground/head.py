"""Foreground against background, and the gaps between touching cells: a logit for each.

Ronneberger et al., U-Net, MICCAI 2015, make touching cells background, and weight such pixels in the loss.
Here they are an output of their own, so that the foreground stays what is annotated.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool2d

from monolayer.heads.base.head import PixelHead
from monolayer.heads.base.losses import dice_loss
from monolayer.heads.foreground.settings import Settings


class ForegroundHead(PixelHead):
    """Tells foreground from background, and where in it cells touch."""

    def __init__(self, settings: Settings) -> None:
        self._terms = _weighted_terms(settings)
        self._gap = settings.gap
        self.channels = 2 if settings.gap else 1

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into foreground and gaps, float32 [B, 2 or 1, H, W]."""
        gaps = [is_near_another(labels, self._gap)] if self._gap else []
        return torch.stack([labels > 0, *gaps], dim=1).float()

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return each term and their weighted sum, ``loss``; each is a scalar."""
        logits = outputs.float()
        terms = {name: term(logits, targets) for name, (_, term) in self._terms.items()}
        total = torch.stack([weight * terms[name] for name, (weight, _) in self._terms.items()]).sum()
        return {"loss": total, **terms}

    def maps(self, outputs: Tensor) -> Tensor:
        """Return the probabilities of foreground and gaps, float32 [B, 2, H, W], or [B, 1, H, W]."""
        return torch.sigmoid(outputs.float())

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, H, W]."""
        return self.maps(outputs)[:, 0]


Term = Callable[[Tensor, Tensor], Tensor]
"""From logits and targets to a scalar."""


def _weighted_terms(settings: Settings) -> dict[str, tuple[float, Term]]:
    terms: dict[str, Term] = {"dice": dice_loss, "bce": binary_cross_entropy_with_logits}
    weights = settings.model_dump(exclude={"gap"})
    if settings.focal > 0:
        from monai.losses.focal_loss import FocalLoss  # takes seconds, for a term that few ask for

        terms["focal"] = FocalLoss(gamma=2.0)
    return {name: (weights[name], term) for name, term in terms.items() if weights[name] > 0}


def is_near_another(labels: Tensor, reach: int) -> Tensor:
    """Say which pixels of cells have another cell near them; bool [B, H, W].

    Parameters
    ----------
    labels
        int32 [B, H, W], 0 = background.
    reach
        Half the side of the square in which the other cell is, in pixels.

    Examples
    --------
    >>> is_near_another(torch.tensor([[[1, 1, 1, 2, 2, 0, 3]]]), 1).int().tolist()
    [[[0, 0, 1, 1, 0, 0, 0]]]
    """
    cell, numbers = labels > 0, labels.float()  # exact: labels are below 2 ** 24
    side = 2 * reach + 1
    highest, lowest = (
        sign * max_pool2d((sign * numbers).masked_fill(~cell, -torch.inf), side, stride=1, padding=reach)
        for sign in (1, -1)
    )
    return cell & (highest != lowest)


def build(settings: Settings) -> ForegroundHead:
    """Build the head."""
    return ForegroundHead(settings)
