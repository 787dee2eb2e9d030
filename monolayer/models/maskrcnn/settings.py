"""What may be set of a Mask R-CNN."""

from pydantic import Field

from monolayer.models.base.settings import DetectorSettings


class Settings(DetectorSettings):
    """Settings of a Mask R-CNN."""

    weights: str | None = None
    """``coco`` for those that torchvision publishes, or a file of theirs; None for a random start."""
    proposals: int = Field(default=2000, ge=1)
    """Boxes that the first stage hands on of an image at most."""
    samples: int = Field(default=128, ge=1)
    """Proposals of an image that the second stage learns from; published 512, for larger images."""
    score: float = Field(default=0.05, ge=0, le=1)
    """From which a box is a detection."""
    box_overlap: float = Field(default=0.5, ge=0, le=1)
    """Intersection over union of two boxes from which only the better one is a detection."""
