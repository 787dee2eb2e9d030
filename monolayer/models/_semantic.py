"""Foreground against background: the model around a net with one logit per pixel."""

from collections.abc import Callable

import torch
from monai.losses.focal_loss import FocalLoss
from pydantic import Field, model_validator
from scipy import ndimage
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from monolayer.losses import dice_loss
from monolayer.models._model import Model
from monolayer.models._settings import ModelSettings
from monolayer.parameters import Number, Settings
from monolayer.prediction import Prediction, prediction_from_labels


class LossSettings(Settings):
    """Weights of the terms of the loss; a term of weight 0 is not computed."""

    dice: Number = Field(default=1.0, ge=0)
    """1 - Dice of the whole batch, with probabilities for masks (Milletari et al. 2016)."""
    bce: Number = Field(default=1.0, ge=0)
    """Binary cross-entropy: with two classes, the cross-entropy. Mean over the pixels."""
    focal: Number = Field(default=0.0, ge=0)
    """Focal loss with gamma 2 (Lin et al. 2017): cross-entropy that makes light of what is easy."""

    @model_validator(mode="after")
    def _has_a_term(self) -> "LossSettings":
        if not any((self.dice, self.bce, self.focal)):
            raise ValueError("all weights are 0: give at least one of dice, bce and focal")
        return self


class SemanticSettings(ModelSettings):
    """Settings of a net that tells foreground from background."""

    loss: LossSettings = LossSettings()


class SemanticModel(Model):
    """A net that tells foreground from background.

    Parameters
    ----------
    net
        Maps float32 [B, 1, H, W] to logits of the same shape.
    stride
        H and W must be multiples of it.
    settings
        Its ``loss`` says what is minimised.
    """

    def __init__(self, net: nn.Module, stride: int, settings: SemanticSettings) -> None:
        super().__init__(stride, settings)
        self.net = net
        self._terms = _weighted_terms(settings.loss)

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into foreground float32 [B, 1, H, W]."""
        return (labels > 0).unsqueeze(1).float()

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised images float32 [B, 1, H, W] into logits of the same shape."""
        return self.net(images)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return each term and their weighted sum, ``loss``; each is a scalar."""
        logits = outputs.float()
        terms = {name: term(logits, targets) for name, (_, term) in self._terms.items()}
        total = torch.stack([weight * terms[name] for name, (weight, _) in self._terms.items()]).sum()
        return {"loss": total, **terms}

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of the foreground, float32 [B, H, W]."""
        return torch.sigmoid(outputs.float())[:, 0]

    def decode(self, outputs: Tensor, threshold: float) -> Prediction:
        """Take the connected components (4 neighbours) of the foreground as the instances.

        Parameters
        ----------
        outputs
            Logits [1, 1, H, W] of one image.
        threshold
            Foreground probability from which a pixel belongs to a cell.
        """
        foreground = self.foreground(outputs)[0].cpu().numpy()
        labels, _ = ndimage.label(foreground >= threshold)
        return prediction_from_labels(foreground, labels)


Term = Callable[[Tensor, Tensor], Tensor]
"""From logits and targets to a scalar."""


def _weighted_terms(settings: LossSettings) -> dict[str, tuple[float, Term]]:
    terms: dict[str, Term] = {
        "dice": dice_loss,
        "bce": binary_cross_entropy_with_logits,
        "focal": FocalLoss(gamma=2.0),
    }
    weights = settings.model_dump()
    return {name: (weights[name], term) for name, term in terms.items() if weights[name] > 0}
