"""What may be set of the decoder flow."""

from typing import ClassVar

from pydantic import Field

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.parameters import Number


class Settings(DecoderSettings):
    """How cells are gathered."""

    seconds_per_megapixel: ClassVar[float] = 0.2

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Probability from which a pixel belongs to a cell."""
    steps: int = Field(default=200, gt=0)
    """How often pixels move by the flow where they are, which is about a pixel long."""
    flow_error: Number | None = Field(default=0.6, gt=0)
    """Cells are removed whose own flow differs from the predicted one by more, see `flow_errors`: from 0, the
    same directions, to 4, the opposite ones; None removes none."""
    hole_area: int = Field(default=200, ge=0)
    """Holes of fewer pixels are filled. Larger ones lie between a cell's branches."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""
