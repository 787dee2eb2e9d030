"""Mask R-CNN (He et al. 2017) with a ResNet-50, as torchvision builds its second version, for cells."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_V2_Weights, maskrcnn_resnet50_fpn_v2
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

from monolayer.heads.boxes.head import BoxTargets
from monolayer.models.base.box_masks import box_mask_runs
from monolayer.models.base.detector import Detector
from monolayer.models.base.published import read_published, take_published
from monolayer.models.maskrcnn.settings import Settings
from monolayer.predictions.cells import Cells

ANCHORS = (8, 16, 32, 64, 128)
"""Side of the anchors of each level of the pyramid in pixels; cells are of 10 to 100."""
PREDICTORS = ("roi_heads.box_predictor.", "roi_heads.mask_predictor.mask_fcn_logits.")
"""Layers that tell COCO's classes apart."""


class Features(NamedTuple):
    """What the backbone says of a batch."""

    images: ImageList
    pyramid: dict[str, Tensor]
    """float32 [B, 256, H / s, W / s] for the strides s of 4, 8, 16, 32 and 64."""


class MaskRcnn(Detector):
    """Proposes boxes, then classifies, corrects and fills them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(stride=32, settings=settings)
        self._weights = settings.weights
        self.net = maskrcnn_resnet50_fpn_v2(
            weights=None,
            weights_backbone=None,
            num_classes=2,
            rpn_pre_nms_top_n_train=settings.proposals,
            rpn_pre_nms_top_n_test=settings.proposals,
            rpn_post_nms_top_n_train=settings.proposals,
            rpn_post_nms_top_n_test=settings.proposals,
            box_batch_size_per_image=settings.samples,
            box_score_thresh=settings.score,
            box_nms_thresh=settings.box_overlap,
            box_detections_per_img=settings.detections,
        )
        self.net.rpn.anchor_generator = AnchorGenerator(
            sizes=tuple((side,) for side in ANCHORS), aspect_ratios=((0.5, 1.0, 2.0),) * len(ANCHORS)
        )

    def take_published_weights(self) -> str:
        """Take COCO's weights but those of the last layers, which are for its classes."""
        return take_published(self.net, self._weights, self._published)

    def _published(self, name: str) -> dict[str, Any] | None:
        published = read_published(name, {"coco": MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1.url})
        if published is None:
            return None
        own = self.net.state_dict()
        return published | {key: values for key, values in own.items() if key.startswith(PREDICTORS)}

    def forward(self, images: Tensor) -> Features:
        """Turn normalised images float32 [B, 1, H, W] into features."""
        sizes = [tuple(images.shape[-2:])] * len(images)
        return Features(ImageList(images, sizes), self.net.backbone(images.expand(-1, 3, -1, -1)))

    def loss(self, outputs: Features, targets: list[BoxTargets]) -> dict[str, Tensor]:
        """Return the terms of both stages and their sum, ``loss``: means over the proposals sampled."""
        truth = [_as_torchvision(own) for own in targets]
        self._set_training(True)
        proposals, terms = self.net.rpn(*outputs, truth)
        with native_roi_align():
            _, more = self.net.roi_heads(outputs.pyramid, proposals, outputs.images.image_sizes, truth)
        terms = terms | more
        return {"loss": torch.stack(list(terms.values())).sum(), **terms}

    def detect(self, outputs: Features) -> list[Cells]:
        """Return the detections of each image; a score is the second stage's probability of a cell."""
        self._set_training(False)
        sizes = outputs.images.image_sizes
        proposals, _ = self.net.rpn(*outputs)
        with native_roi_align():
            found, _ = self.net.roi_heads(outputs.pyramid, proposals, sizes)
        return [_as_cells(own, *size) for own, size in zip(found, sizes, strict=True)]

    def _set_training(self, training: bool) -> None:
        # It tells both stages whether losses or boxes are asked for; their layers have flags of their own.
        self.net.rpn.training = self.net.roi_heads.training = training


@contextmanager
def native_roi_align() -> Iterator[None]:
    """Let torchvision crop features by its compiled kernel on a GPU too.

    Where a training asks for deterministic algorithms, if only with a warning, torchvision takes its form in
    Python instead, which holds every sample of every box in memory and is slow.
    """
    mode = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("default")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)


def _as_torchvision(targets: BoxTargets) -> dict[str, Tensor]:
    every = torch.arange(len(targets.numbers), device=targets.numbers.device)
    return {"boxes": targets.boxes, "labels": torch.ones_like(every), "masks": targets.masks(every)}


def _as_cells(found: dict[str, Tensor], height: int, width: int) -> Cells:
    masks, boxes, scores = (found[name].float() for name in ("masks", "boxes", "scores"))
    return Cells(box_mask_runs(masks[:, 0], boxes, height, width), scores.cpu().numpy())


def build(settings: Settings) -> MaskRcnn:
    """Build the model with random weights."""
    return MaskRcnn(settings)
