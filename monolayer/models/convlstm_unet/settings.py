"""What may be set of a ConvLSTM U-Net."""

from typing import Any, Literal

from pydantic import Field

from monolayer.models.base.settings import RecurrentSettings


class Settings(RecurrentSettings):
    """Settings of a ConvLSTM U-Net."""

    head: dict[str, Any] = Field(
        default={"method": "contour", "background": 0.15, "cell": 0.25, "contour": 0.6}
    )
    """Published: three classes, whose weights these are."""
    channels: list[int] = Field(min_length=2)
    """Feature channels of each level, from the finest to the coarsest; published are four levels."""
    kernel: Literal[3, 5, 7] = 5
    """Side of all convolutions in pixels; published is 5."""
