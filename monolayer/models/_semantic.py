"""Foreground against background: the model around a net with one logit per pixel."""

import torch
from monai.losses.dice import DiceLoss
from scipy import ndimage
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from monolayer.models._model import Model
from monolayer.models._settings import ModelSettings
from monolayer.prediction import Prediction, prediction_from_labels


class SemanticModel(Model):
    """A net that tells foreground from background, trained with Dice + binary cross-entropy.

    Parameters
    ----------
    net
        Maps float32 [B, 1, H, W] to logits of the same shape.
    stride
        H and W must be multiples of it.
    settings
        Its ``grey_mean`` and ``grey_scale`` normalise the images.
    """

    def __init__(self, net: nn.Module, stride: int, settings: ModelSettings) -> None:
        super().__init__()
        self.net = net
        self.stride = stride
        self.grey_mean = settings.grey_mean
        self.grey_scale = settings.grey_scale
        self._dice = DiceLoss(sigmoid=True, batch=True)

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into foreground float32 [B, 1, H, W]."""
        return (labels > 0).unsqueeze(1).float()

    def forward(self, images: Tensor) -> Tensor:
        """Turn grey levels float32 [B, 1, H, W], 0..255, into logits of the same shape."""
        return self.net((images - self.grey_mean) / self.grey_scale)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return ``dice``, ``bce`` and their sum, ``loss``; each is a scalar."""
        logits = outputs.float()
        dice = self._dice(logits, targets)
        bce = binary_cross_entropy_with_logits(logits, targets)
        return {"loss": dice + bce, "dice": dice, "bce": bce}

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
