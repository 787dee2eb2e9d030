"""The model around a net with outputs for each pixel: what they mean is the affair of its head."""

from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from monolayer.errors import InputError
from monolayer.heads._head import Head
from monolayer.models._model import Model
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

    def __init__(self, net: nn.Module, head: Head, stride: int, settings: PixelSettings) -> None:
        super().__init__(stride, settings, decoder=settings.head["method"])
        if settings.resize is not None and not head.resizable:
            raise InputError(f"resize: the head {self.decoder} takes images as they are: set it to null")
        self.net = net
        self.head = head

    @property
    def judged_by(self) -> Literal["dice", "loss"]:
        """As the head."""
        return self.head.judged_by

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into the head's targets float32 [B, K, H, W]."""
        return self.head.targets(labels)

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised images float32 [B, 1, H, W] into outputs [B, C, H, W]."""
        return self.net(images)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the head's losses."""
        return self.head.loss(outputs, targets)

    def turned_back(self, outputs: Tensor, turns: int, reflected: bool) -> Tensor:
        """Return the outputs for a turned image as they are for the image itself."""
        return self.head.turned_back(outputs, turns, reflected)

    def maps(self, outputs: Tensor) -> Tensor:
        """Return what the decoder reads, float32 [B, M, H, W]."""
        return self.head.maps(outputs)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""
        return self.head.foreground(outputs)
