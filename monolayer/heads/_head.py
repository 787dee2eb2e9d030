"""What a model learns of label images: the contract between a head and the models that wear it."""

from abc import ABC, abstractmethod
from typing import Any, Literal

from torch import Tensor

from monolayer.errors import InputError
from monolayer.parameters import Settings, validate
from monolayer.plugins import load_plugin


class Head(ABC):
    """Turns label images into what a model learns."""

    judged_by: Literal["dice", "loss"] = "loss"
    """The best epoch is that of the highest Dice of the foreground, or of the lowest loss, on val images."""

    @abstractmethod
    def targets(self, labels: Tensor) -> Any:
        """Turn label images int32 [B, H, W], 0 = background, into targets."""


class PixelHead(Head):
    """What a net learns to say of each pixel, and how a decoder is to read it."""

    channels: int
    """Outputs of the net for each pixel, C."""
    resizable: bool = True
    """Outputs for a resized image, resized back, mean the same; directions and distances would not."""
    leaves_out: bool = False
    """Pixels with a negative label are not learned."""

    @abstractmethod
    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W], 0 = background, into targets float32 [B, K, H, W]."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return named scalars; ``loss`` is their total. See `Model.loss`."""

    @abstractmethod
    def maps(self, outputs: Tensor) -> Tensor:
        """Turn outputs [B, C, H, W] into what the decoder of this head's name reads, float32 [B, M, H, W]."""

    @abstractmethod
    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""

    def turned_back(self, outputs: Tensor, turns: int, reflected: bool) -> Tensor:
        """Return the outputs for a turned image as they are for the image itself.

        Parameters
        ----------
        outputs
            [B, C, H, W], already turned back as pictures; directions in them are still those of the turned
            image.
        turns
            Right angles by which the image was turned, as `torch.rot90` does, after its reflection.
        reflected
            Left and right were swapped.
        """
        return outputs


def build_head(values: dict[str, Any], key: str = "head") -> Head:
    """Build the head that ``{method: <module of monolayer/heads>, ...}`` describes.

    Raises
    ------
    InputError
        There is no such head, or it has no such setting; `key` says where the values stand.
    """
    module = load_plugin("monolayer.heads", values.get("method", ""), f"{key}.method")
    settings: Settings = validate(
        {name: value for name, value in values.items() if name != "method"}, key, module.Settings
    )
    head: Head = module.build(settings)
    return head


def build_pixel_head(values: dict[str, Any]) -> PixelHead:
    """Build a head as `build_head`, or raise an `InputError` where it is none for pixels."""
    head = build_head(values)
    if not isinstance(head, PixelHead):
        raise InputError(
            f"head.method: {values['method']} is for detectors: this architecture has outputs for each pixel"
        )
    return head
