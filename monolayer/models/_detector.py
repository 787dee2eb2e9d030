"""The model that finds each cell for itself: Mask R-CNN and its kind."""

from abc import abstractmethod
from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import pad

from monolayer.errors import InputError
from monolayer.heads._head import build_head
from monolayer.heads.boxes import BoxHead
from monolayer.models._model import Model, Validated
from monolayer.models._settings import ModelSettings
from monolayer.prediction import Cells, best_scores


class DetectorSettings(ModelSettings):
    """Settings of a detector."""

    head: dict[str, Any] = Field(default={"method": "boxes"})
    """``boxes``, and its settings."""


class Detector(Model):
    """Proposes cells that may overlap, each with a score; its decoder chooses among them."""

    head: BoxHead

    def __init__(self, stride: int, settings: DetectorSettings) -> None:
        head = build_head(settings.head)
        if not isinstance(head, BoxHead):
            raise InputError(f"head.method: {settings.head['method']} is for pixels: a detector has boxes")
        super().__init__(head, stride, settings, decoder=settings.head["method"])
        if settings.resize is not None:
            raise InputError("resize: a detector takes images as they are: set it to null")

    @abstractmethod
    def detect(self, outputs: Any) -> list[Cells]:
        """Return the candidates of each image from what `forward` returned, in an image's own pixels."""

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""
        height, width = labels.shape[-2:]
        outputs = self(padded(images, self.stride))
        loss = self.loss(outputs, self.targets(padded(labels, self.stride)))["loss"]
        high, wide = padded(labels, self.stride).shape[-2:]
        scores = [best_scores(cells, high, wide)[:height, :width] for cells in self.detect(outputs)]
        return Validated(loss, torch.stack([torch.from_numpy(own) for own in scores]).to(images.device))


def padded(images: Tensor, stride: int) -> Tensor:
    """Add zeros below and on the right until height and width, the last two of any shape, fit the stride."""
    height, width = images.shape[-2:]
    return pad(images, (0, -width % stride, 0, -height % stride))
