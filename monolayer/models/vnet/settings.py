"""What may be set of a V-Net."""

from pydantic import Field

from monolayer.models.base.settings import PixelSettings
from monolayer.parameters import Number


class Settings(PixelSettings):
    """Settings of a V-Net."""

    dropout: Number = Field(default=0.5, ge=0, lt=1)
    """Fraction of the feature channels that the deep stages drop while training."""
