"""What may be set of the decoder foreground."""

from typing import ClassVar

from pydantic import Field

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.parameters import Number


class Settings(DecoderSettings):
    """How a mask is tidied and divided; lengths and areas in pixels."""

    seconds_per_megapixel: ClassVar[float] = 0.35

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Probability from which a pixel belongs to a cell."""
    close_radius: int = Field(default=0, ge=0)
    """Gaps narrower than this disc are closed."""
    island_area: int = Field(default=30, ge=0)
    """Islands of fewer pixels are removed before they are divided (area opening)."""
    hole_area: int = Field(default=200, ge=0)
    """Holes of fewer pixels are filled."""
    gap: Number = Field(default=0.5, gt=0, le=1)
    """Probability of a gap between cells from which a pixel is of no cell's middle."""
    sigma: Number = Field(default=1.0, ge=0)
    """Standard deviation of the Gaussian that smooths the distance to the background; 0 for none."""
    h: Number = Field(default=1.0, gt=0)
    """A cell's middle is farther from the background than its waist by this distance at least."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""
