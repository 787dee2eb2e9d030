"""What may be set of the decoder stardist."""

from typing import ClassVar

from pydantic import Field

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.parameters import Number


class Settings(DecoderSettings):
    """Which polygons are cells, and what of the foreground is theirs."""

    seconds_per_megapixel: ClassVar[float] = 0.2

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Object probability from which a pixel may be the centre of a cell."""
    sigma: Number = Field(default=0.0, ge=0)
    """Gaussian that smooths the object probability, in pixels; 0 for none."""
    overlap: Number = Field(default=0.4, ge=0, le=1)
    """A polygon is removed if it shares more with a more probable one, of the area of the smaller one."""
    foreground: Number = Field(default=0.5, gt=0, lt=1)
    """Probability of the foreground from which a pixel belongs to a cell."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""
