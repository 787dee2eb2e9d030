"""CellSAM (Israel, Marks et al. 2025): boxes that a detector finds prompt SAM's mask decoder."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from monolayer.heads.boxes.head import BoxTargets
from monolayer.models.base.detector import Detector
from monolayer.models.base.published import take_published
from monolayer.models.cellsam.encoder import accept_any_size, encode
from monolayer.models.cellsam.finder import Finder, Found
from monolayer.models.cellsam.mask_prediction import grid, predict_masks
from monolayer.models.cellsam.mask_targets import mask_targets
from monolayer.models.cellsam.masks import MASK_WEIGHTS, ask, margins, mask_terms
from monolayer.models.cellsam.matching import BOX_WEIGHTS, box_terms
from monolayer.models.cellsam.published import read_sam
from monolayer.models.cellsam.settings import Settings
from monolayer.models.cellsam.sizes import SIZES, build_sam
from monolayer.models.cellsam.windows import frame_of
from monolayer.predictions.cells import Cells


class Outputs(NamedTuple):
    """What the nets say of a batch without being asked for cells."""

    found: Found
    embeddings: Tensor
    """What the mask decoder reads, [B, C, h, w]."""


class CellSam(Detector):
    """SAM with a detector on its image encoder."""

    def __init__(self, settings: Settings) -> None:
        size = SIZES[settings.size]
        self.frame = frame_of(size, settings.enlarge)
        super().__init__(self.frame.stride, settings)
        self.settings = settings
        self.sam = build_sam(size)
        accept_any_size(self.sam.vision_encoder)
        self.finder = Finder(
            size.channels,
            size.finder_channels,
            size.finder_heads,
            size.finder_layers,
            settings.queries,
            self.frame.stride,
        )
        self._freeze()

    def _freeze(self) -> None:
        """Leave what the phase does not train as it is, and what boxes as prompts do not use."""
        encoder, prompts = self.sam.vision_encoder, self.sam.prompt_encoder
        finds, draws = self.settings.phase != "masks", self.settings.phase != "detector"
        for part in (encoder, self.finder):
            part.requires_grad_(finds)
        for part in (encoder.neck, prompts, self.sam.mask_decoder):
            part.requires_grad_(draws)
        points = prompts.not_a_point_embed, *prompts.point_embed[:2]
        for part in (prompts.shared_embedding, prompts.mask_embed, *points):
            part.requires_grad_(False)

    def take_published_weights(self) -> str:
        """Take SAM's weights; the detector starts at random."""
        return take_published(self.sam, self.settings.weights, read_sam)

    def forward(self, images: Tensor) -> Outputs:
        """Turn normalised images float32 [B, 1, H, W] into boxes and features."""
        if self.settings.enlarge > 1:
            images = interpolate(images, scale_factor=float(self.settings.enlarge), mode="bilinear")
        features = encode(self.sam.vision_encoder, images)
        return Outputs(self.finder(features), self.sam.vision_encoder.neck(features))

    def loss(self, outputs: Outputs, targets: list[BoxTargets]) -> dict[str, Tensor]:
        """Return the terms of what is trained, and their weighted sum, ``loss``."""
        terms: dict[str, Tensor] = {}
        if self.settings.phase != "masks":
            terms |= box_terms(outputs.found, [own.boxes for own in targets])
        if self.settings.phase != "detector":
            terms |= self._mask_terms(outputs.embeddings, targets)
        weights = BOX_WEIGHTS | MASK_WEIGHTS
        return {"loss": torch.stack([weights[name] * term for name, term in terms.items()]).sum(), **terms}

    def _mask_terms(self, embeddings: Tensor, targets: list[BoxTargets]) -> dict[str, Tensor]:
        most, training = self.settings.prompts, self.training
        own = [
            mask_targets(self.frame, *image, most, training)
            for image in zip(embeddings, targets, strict=True)
        ]
        windows, prompts, true, near = (torch.cat(part) for part in zip(*own, strict=True))
        return mask_terms(ask(self.sam, windows, prompts), true, near)

    def detect(self, outputs: Outputs) -> list[Cells]:
        """Return the detections of each image; a score is the detector's times the predicted IoU."""
        logits, boxes = (own[-1] for own in outputs.found)  # of the last layer
        return [self._detected(*own) for own in zip(outputs.embeddings, logits, boxes, strict=True)]

    def _detected(self, embeddings: Tensor, logits: Tensor, boxes: Tensor) -> Cells:
        scores = logits.sigmoid()
        # A detector that has hardly learned is in doubt of every patch, and each would be asked for a mask.
        best = scores.topk(min(self.settings.detections, len(scores))).indices.sort().values
        likely = best[scores[best] >= self.settings.box_score]
        boxes, scores = boxes[likely], scores[likely]
        return predict_masks(
            self.sam, self.frame, embeddings, boxes, margins(boxes), scores, self.settings.mask_iou
        )

    def detect_with_boxes(self, outputs: Outputs, boxes: list[Tensor]) -> list[Cells]:
        """Return the cells of given boxes, float32 [N, 4] in each image, in their order.

        With true boxes, the most that the mask decoder can reach. A score is the predicted IoU.
        """
        return [
            predict_masks(
                self.sam, self.frame, embeddings, own, margins(own), torch.ones_like(own[:, 0]), mask_iou=0.0
            )
            for embeddings, own in zip(outputs.embeddings, boxes, strict=True)
        ]

    def detect_on_grid(self, outputs: Outputs, spacing: float, mask_iou: float) -> list[Cells]:
        """Return the detections of a grid of points, as SAM finds everything in an image.

        Parameters
        ----------
        outputs
            As `forward` returns them.
        spacing
            Of the points in pixels.
        mask_iou
            Predicted IoU from which a mask is a detection; it is the score.
        """
        height, width = (self.stride * side for side in outputs.embeddings.shape[-2:])
        points = grid(height, width, spacing, outputs.embeddings.device)
        anywhere = points.new_tensor([0, 0, width, height]).expand(len(points), -1)
        every = torch.ones_like(points[:, 0])
        return [
            predict_masks(self.sam, self.frame, embeddings, points, anywhere, every, mask_iou)
            for embeddings in outputs.embeddings
        ]


def build(settings: Settings) -> CellSam:
    """Build the model with random weights."""
    return CellSam(settings)
