"""How the settings of decoders are chosen."""

from pydantic import Field

from monolayer.parameters import Number, Settings


class TuneSettings(Settings):
    """How the settings of decoders are chosen."""

    score: str = "ap50"
    """What is to be best, by its name in docs/metrics.md."""
    trials: int = Field(default=60, ge=1)
    """Settings that are tried."""
    seconds: Number = Field(default=60, gt=0)
    """Decoding may take about so long on one core, which says how many val images are decoded."""
    images: int | None = Field(default=None, ge=1)
    """Decode so many instead, whatever it takes."""
