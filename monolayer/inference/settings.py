"""How the settings of decoders are chosen."""

from pydantic import Field

from monolayer.parameters import Settings


class TuneSettings(Settings):
    """How the settings of decoders are chosen."""

    images: int | None = Field(default=4, ge=1)
    """Decode so many val images, spread evenly over the split; None for all."""
    score: str = "ap50"
    """What is to be highest, by its name in docs/metrics.md."""
    rounds: int = Field(default=2, ge=1)
    """The list of settings is gone through so many times at most."""
