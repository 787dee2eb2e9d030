"""The contract between an architecture and everything that trains or applies it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import pad

from monolayer.annotations.coco import Image
from monolayer.heads.base.head import Head
from monolayer.models.base.published import RANDOM
from monolayer.models.base.settings import ModelSettings
from monolayer.plugins import load_plugin
from monolayer.predictions.cells import Cells


class Orientation(NamedTuple):
    """How an image is flipped and rotated before a model sees it (test-time augmentation)."""

    quarter_turns: int
    """Right angles, as `torch.rot90` does, after the reflection."""
    reflected: bool
    """Left and right are swapped."""


class Maps(NamedTuple):
    """What a model says of one image."""

    foreground: np.ndarray
    """Probability of belonging to a cell, float32 [H, W]."""
    maps: np.ndarray | Cells
    """What the model's decoder reads: float32 [C, H, W], or the detections of a detector."""


class Validated(NamedTuple):
    """What a model says of labelled images."""

    loss: Tensor
    """Scalar: the total of `Model.loss`."""
    foreground: Tensor
    """Probability of belonging to a cell, float32 [B, H, W]."""
    maps: Tensor | list[Cells]
    """What the model's decoder reads: float32 [B, C, H, W], or the detections in each image."""


class Judged(NamedTuple):
    """How a model does on labelled images."""

    loss: Tensor
    """As of `Validated`."""
    foreground: Tensor
    """As of `Validated`."""
    found: Tensor
    """Scalar: a score of the cells."""


Judge = Callable[[Validated, Tensor], Judged]
"""Says how a model does, from what it says of images and from their labels int32 [B, H, W]."""


class Views(Protocol):
    """Shows an image to a model: whole or in tiles, in one orientation or in all eight."""

    def in_tiles(self, net: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
        """Return a net's outputs [1, C, H, W] for an image [1, 1, H, W]; large ones by blended tiles."""

    def average(
        self,
        apply: Callable[[Tensor, Orientation], Tensor],
        invert: Callable[[Tensor, Orientation], Tensor],
        image: Tensor,
    ) -> Tensor:
        """Return the mean of the outputs [1, C, H, W] over the orientations of an image [1, 1, H, W].

        `apply` gives the outputs for an oriented image; `invert` makes of them, rotated and flipped back as
        pictures, what they say of the image itself.
        """

    def validated(self, judge: Callable[[Tensor, Tensor], Judged], image: Tensor, labels: Tensor) -> Judged:
        """Return how a model does on an image [1, 1, H, W] with labels [1, H, W]; on large ones by tiles.

        `judge` says it of a tile and its labels. Loss and score of the cells are means over the tiles.
        """

    def gather(self, detect: Callable[[Tensor], Cells], stride: int, image: Tensor) -> Cells:
        """Return the detections in all tiles and orientations of an image [1, 1, H, W], in its pixels.

        `detect` sees images whose sides are multiples of `stride`.
        """


State = dict[Orientation, Any]
"""What a recurrent model remembers of earlier frames, by the orientation in which it saw them."""


class Model(nn.Module, ABC):
    """Turns grey levels into outputs, and learns from label images what its head says."""

    memory_remedy = "lower predict.tile"
    """What to do in params.yaml where a GPU's memory does not suffice for whole images."""

    def __init__(self, head: Head, stride: int, settings: ModelSettings, decoder: str) -> None:
        super().__init__()
        self.head = head
        self.stride = stride
        """Height and width of a batch must be multiples of it."""
        self.decoder = decoder
        """The folder of monolayer/decoders that finds cells in what the model says."""
        self.frames = 1
        """A batch consists of sequences of so many frames, one sequence behind the other."""
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

        Each is a mean over the batch, or is made of what `losses.summed_over_processes` of the heads returns:
        then a batch that several processes share gives the gradient that it gives to one.
        """

    @abstractmethod
    def infer(self, image: Tensor, size: tuple[int, int], views: Views, state: State) -> Maps:
        """Say what an image holds.

        Parameters
        ----------
        image
            Normalised input float32 [1, 1, H, W], resized as `resize` says.
        size
            Height and width of the maps: those of the image before it was resized.
        views
            Shows the image in tiles and orientations.
        state
            What a recurrent model remembers; it is changed. Empty at the beginning of a sequence.
        """

    def in_order(self, images: Sequence[Image]) -> list[Image]:
        """Return images in the order in which the model is to see them."""
        return list(images)

    def with_context(self, images: Sequence[Image], all_images: Sequence[Image]) -> list[Image]:
        """Return images, in order, with those among all that the model has to see before them."""
        return list(images)

    @abstractmethod
    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""

    def judged_by(self, judge: Judge, views: Views, images: Tensor, labels: Tensor) -> Judged:
        """Say how it does on a whole image [1, 1, H, W] with labels [1, H, W], as `views` show it."""
        return views.validated(lambda *seen: judge(self.validated(*seen), seen[1]), images, labels)

    def take_published_weights(self) -> str:
        """Take the published weights that the settings name, before a training; say what it starts from."""
        return RANDOM


def padded(images: Tensor, stride: int) -> Tensor:
    """Add zeros below and on the right until height and width, the last two of any shape, fit the stride."""
    height, width = images.shape[-2:]
    return pad(images, (0, -width % stride, 0, -height % stride))


def build_model(settings: ModelSettings) -> Model:
    """Build the model of an architecture with random weights, as `settings` says."""
    model: Model = architecture_module(settings).build(settings)
    return model


def architecture_module(settings: ModelSettings) -> ModuleType:
    """Import the module that builds the model."""
    return load_plugin("monolayer.models", settings.architecture, "architecture", "model")
