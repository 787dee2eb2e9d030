"""The contract between an architecture and everything that trains or applies it."""

from abc import ABC, abstractmethod
from typing import Literal

from torch import Tensor, nn

from monolayer.models._settings import ModelSettings


class Model(nn.Module, ABC):
    """Turns grey levels into outputs, learns from label images, and says in what a decoder finds cells."""

    def __init__(self, stride: int, settings: ModelSettings, decoder: str) -> None:
        super().__init__()
        self.stride = stride
        """Height and width of a batch must be multiples of it."""
        self.decoder = decoder
        """The module of monolayer/decoders that finds cells in `maps`."""
        self.normalise = settings.normalise
        self.resize = settings.resize

    @property
    @abstractmethod
    def judged_by(self) -> Literal["dice", "loss"]:
        """What of the val images tells the best epoch, see `Head.judged_by`."""

    @abstractmethod
    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W], 0 = background, into what the net learns."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Turn images float32 [B, 1, H, W], normalised as `normalise` says, into outputs [B, C, H, W]."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return named scalars; ``loss`` is their total.

        Each is a mean over the batch, or is made of what `monolayer.losses.summed_over_processes` returns:
        then a batch that several processes share gives the gradient that it gives to one.
        """

    @abstractmethod
    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""

    @abstractmethod
    def maps(self, outputs: Tensor) -> Tensor:
        """Turn outputs [B, C, H, W] into what the decoder reads, float32 [B, M, H, W]."""

    def turned_back(self, outputs: Tensor, turns: int, reflected: bool) -> Tensor:
        """Return the outputs for a turned image as they are for the image itself, see `Head.turned_back`."""
        return outputs
