"""What may be set of the decoder boxes."""

from typing import ClassVar

from pydantic import Field

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.parameters import Number


class Settings(DecoderSettings):
    """Which detections are cells."""

    seconds_per_megapixel: ClassVar[float] = 0.1

    score: Number = Field(default=0.5, ge=0, le=1)
    """From which score on."""
    overlap: Number = Field(default=0.5, ge=0, le=1)
    """A detection is removed if it shares more with a better one, of the area of the smaller one."""
    cell_area: int = Field(default=30, ge=0)
    """Cells of fewer pixels are removed."""
