"""What may be set of a SwinUNETR."""

from pydantic import Field

from monolayer.models.base.settings import PixelSettings


class Settings(PixelSettings):
    """Settings of a SwinUNETR."""

    feature_size: int = Field(default=24, ge=12, multiple_of=12)
    """Channels of the finest level, a multiple of 12; time and memory grow with its square."""
    depths: list[int] = Field(default=[2, 2, 2, 2], min_length=4, max_length=4)
    """Transformer blocks of each stage; even numbers, as plain and shifted windows alternate."""
