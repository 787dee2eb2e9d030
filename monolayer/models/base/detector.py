"""The model that finds each cell for itself: Mask R-CNN and its kind."""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from monolayer.heads.base.head import build_head
from monolayer.heads.boxes.head import BoxHead
from monolayer.models.base.model import Maps, Model, State, Validated, Views, padded
from monolayer.models.base.settings import DetectorSettings
from monolayer.predictions.cells import Cells, best_scores


class Detector(Model):
    """Proposes cells that may overlap, each with a score; its decoder chooses among them."""

    head: BoxHead

    def __init__(self, stride: int, settings: DetectorSettings) -> None:
        super().__init__(build_head(settings.head), stride, settings, decoder=settings.head["method"])

    @abstractmethod
    def detect(self, outputs: Any) -> list[Cells]:
        """Return the detections in each image from what `forward` returned, in an image's own pixels."""

    def infer(self, image: Tensor, size: tuple[int, int], views: Views, state: State) -> Maps:
        """Say what an image holds, see `Model.infer`."""
        cells = views.gather(self._detect_one, self.stride, image)
        return Maps(best_scores(cells, *size), cells)

    def _detect_one(self, image: Tensor) -> Cells:
        (cells,) = self.detect(self(image))
        return cells

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""
        height, width = labels.shape[-2:]
        outputs = self(padded(images, self.stride))
        loss = self.loss(outputs, self.targets(padded(labels, self.stride)))["loss"]
        high, wide = padded(labels, self.stride).shape[-2:]
        found = self.detect(outputs)
        scores = [best_scores(cells, high, wide)[:height, :width] for cells in found]
        foreground = torch.stack([torch.from_numpy(own) for own in scores]).to(images.device)
        return Validated(loss, foreground, found)
