"""The contract between an architecture and everything that trains or applies it."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from torch import Tensor, nn

from monolayer.heads._head import Head
from monolayer.models._published import RANDOM
from monolayer.models._settings import ModelSettings


class Validated(NamedTuple):
    """How a model does on labelled images."""

    loss: Tensor
    """Scalar: the total of `Model.loss`."""
    foreground: Tensor
    """Probability of belonging to a cell, float32 [B, H, W]."""


class Model(nn.Module, ABC):
    """Turns grey levels into outputs, and learns from label images what its head says."""

    def __init__(self, head: Head, stride: int, settings: ModelSettings, decoder: str) -> None:
        super().__init__()
        self.head = head
        self.stride = stride
        """Height and width of a batch must be multiples of it."""
        self.decoder = decoder
        """The module of monolayer/decoders that finds cells in what the model says."""
        self.frames = 1
        """A batch consists of clips of so many frames of a recording, one clip behind the other."""
        self.normalise = settings.normalise
        self.resize = settings.resize

    def targets(self, labels: Tensor) -> Any:
        """Turn label images int32 [B, H, W], 0 = background, into the head's targets."""
        return self.head.targets(labels)

    @abstractmethod
    def forward(self, images: Tensor) -> Any:
        """Turn images float32 [B, 1, H, W], normalised as `normalise` says, into outputs."""

    @abstractmethod
    def loss(self, outputs: Any, targets: Any) -> dict[str, Tensor]:
        """Return named scalars; ``loss`` is their total.

        Each is a mean over the batch, or is made of what `monolayer.losses.summed_over_processes` returns:
        then a batch that several processes share gives the gradient that it gives to one.
        """

    @abstractmethod
    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""

    def take_published_weights(self) -> str:
        """Take the published weights that the settings name, before a training; say what it starts from."""
        return RANDOM
