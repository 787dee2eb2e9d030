"""The model around a net with outputs for each pixel: what they mean is the affair of its head."""

from collections.abc import Callable
from typing import Any

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad

from monolayer.errors import InputError
from monolayer.heads._head import PixelHead
from monolayer.models._model import Model, Validated
from monolayer.models._settings import ModelSettings


class PixelSettings(ModelSettings):
    """Settings of a net with outputs for each pixel."""

    head: dict[str, Any] = Field(default={"method": "foreground"})
    """``method`` is a module of monolayer/heads, which says what else may be set."""


class PixelModel(Model):
    """A net with outputs for each pixel.

    Parameters
    ----------
    net
        Maps float32 [B, 1, H, W] to outputs [B, C, H, W], of the head's number of channels.
    head
        What the net learns.
    stride
        H and W must be multiples of it.
    settings
        Of the model.
    """

    head: PixelHead

    def __init__(self, net: nn.Module, head: PixelHead, stride: int, settings: PixelSettings) -> None:
        super().__init__(head, stride, settings, decoder=settings.head["method"])
        if settings.resize is not None and not head.resizable:
            raise InputError(f"resize: the head {self.decoder} takes images as they are: set it to null")
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised images float32 [B, 1, H, W] into outputs [B, C, H, W]."""
        return self.net(images)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the head's losses."""
        return self.head.loss(outputs, targets)

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""
        outputs = outputs_at_stride(self, self.stride, images)
        return Validated(self.loss(outputs, self.targets(labels))["loss"], self.foreground(outputs))

    def turned_back(self, outputs: Tensor, turns: int, reflected: bool) -> Tensor:
        """Return the outputs for a turned image as they are for the image itself."""
        return self.head.turned_back(outputs, turns, reflected)

    def maps(self, outputs: Tensor) -> Tensor:
        """Return what the decoder reads, float32 [B, M, H, W]."""
        return self.head.maps(outputs)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""
        return self.head.foreground(outputs)


def outputs_at_stride(apply: Callable[[Tensor], Tensor], stride: int, images: Tensor) -> Tensor:
    """Return the outputs [B, C, H, W] for images [B, 1, H, W], padded by reflection to `stride`."""
    height, width = images.shape[-2:]
    below, right = -height % stride, -width % stride
    # Reflection needs more pixels than it adds; an image as small as that repeats its edge.
    mode = "reflect" if below < height and right < width else "replicate"
    return apply(pad(images, (0, right, 0, below), mode=mode))[..., :height, :width]
