"""What a model learns of label images: the contract between a head and the models that wear it."""

from abc import ABC, abstractmethod
from types import ModuleType
from typing import Any, cast

from torch import Tensor

from monolayer.heads.base.settings import read_head
from monolayer.plugins import load_plugin


class Head(ABC):
    """Turns label images into what a model learns."""

    @abstractmethod
    def targets(self, labels: Tensor) -> Any:
        """Turn label images int32 [B, H, W], 0 = background, into targets."""


class PixelHead(Head):
    """What a net learns to say of each pixel, and how a decoder is to read it."""

    channels: int
    """Outputs of the net for each pixel, C."""

    @abstractmethod
    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W], 0 = background, into targets float32 [B, K, H, W]."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return named scalars; ``loss`` is their total. See `Model.loss`."""

    @abstractmethod
    def maps(self, outputs: Tensor) -> Tensor:
        """Turn outputs [B, C, H, W] into what the decoder of this head's name reads, float32 [B, C, H, W].

        What is said of a pixel depends on its own outputs alone.
        """

    @abstractmethod
    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""

    def invert_orientation(self, outputs: Tensor, quarter_turns: int, reflected: bool) -> Tensor:
        """Return the outputs for a flipped and rotated image as they are for the image itself.

        Parameters
        ----------
        outputs
            [B, C, H, W], already rotated and flipped back as pictures; directions in them are still those of
            the image that the net saw.
        quarter_turns
            Right angles by which the image was rotated, as `torch.rot90` does, after its reflection.
        reflected
            Left and right were swapped.
        """
        return outputs


def build_head(values: dict[str, Any]) -> Head:
    """Build the head that ``{method: <folder of monolayer/heads>, ...}`` describes; errors as `read_head`."""
    head: Head = head_module(values).build(read_head(values))
    return head


def head_module(values: dict[str, Any]) -> ModuleType:
    """Import the module that builds the head."""
    return load_plugin("monolayer.heads", values.get("method", ""), "head.method", "head")


def build_pixel_head(values: dict[str, Any]) -> PixelHead:
    """Build a head as `build_head`; that it is one for pixels, `PixelSettings.check` has seen to."""
    return cast(PixelHead, build_head(values))
