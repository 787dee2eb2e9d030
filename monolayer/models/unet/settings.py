"""What may be set of a U-Net."""

from typing import Literal

from pydantic import Field

from monolayer.models.base.settings import PixelSettings


class Settings(PixelSettings):
    """Settings of a U-Net."""

    channels: list[int] = Field(min_length=2)
    """Feature channels of each level, from the finest to the coarsest."""
    residual_units: int = Field(default=0, ge=0)
    """Convolutions in each level's residual unit; 0 for plain convolutions."""
    norm: Literal["instance", "batch"] = "instance"
    """What the features are normalised by: the statistics of their own image, or those of the training."""
    first_stride: Literal[1, 2] = 2
    """2 halves the resolution at once. With 1 the finest features have the image's resolution, which borders
    of touching cells need, for several times the work."""
