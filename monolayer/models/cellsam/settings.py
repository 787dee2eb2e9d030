"""What may be set of a CellSAM."""

from typing import Literal

from pydantic import Field

from monolayer.models.base.settings import DetectorSettings
from monolayer.parameters import Number


class Settings(DetectorSettings):
    """Settings of a CellSAM."""

    size: Literal["tiny", "vit-base"] = "vit-base"
    """``vit-base`` is the published one. ``tiny`` learns on a CPU, and has no published weights."""
    weights: str | None = None
    """Of SAM: ``facebook/sam-vit-base``, or a folder that transformers wrote; None for a random start."""
    phase: Literal["both", "detector", "masks"] = "both"
    """What is trained: encoder and detector, neck and mask decoder, or all together."""
    enlarge: Literal[1, 2] = 1
    """The encoder sees images so many times larger: published are 1024 pixels for 512."""
    queries: int = Field(default=1, ge=1)
    """Of the detector at each patch of 8 (tiny) or 16 (vit-base) pixels of what the encoder sees."""
    prompts: int = Field(default=32, ge=1)
    """Cells of an image whose masks are learned in a step."""
    box_score: Number = Field(default=0.1, gt=0, lt=1)
    """Of the detector, from which a box is a detection."""
    mask_iou: Number = Field(default=0.5, ge=0, le=1)
    """Predicted intersection over union from which a mask is a detection."""
