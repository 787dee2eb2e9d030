"""What may be set of the decoder contour."""

from typing import ClassVar

from pydantic import Field

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.parameters import Number


class Settings(DecoderSettings):
    """From which probabilities on; areas in pixels."""

    seconds_per_megapixel: ClassVar[float] = 0.15

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Probability of cell or contour from which a pixel belongs to a cell."""
    inside: Number = Field(default=0.5, gt=0, lt=1)
    """Probability of cell from which a pixel is the inside of one."""
    seed_area: int = Field(default=10, ge=0)
    """Insides of fewer pixels are no seeds."""
    hole_area: int = Field(default=200, ge=0)
    """Holes of fewer pixels are filled."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""
