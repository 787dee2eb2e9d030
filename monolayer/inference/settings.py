"""How trained models are applied, and how the settings of their decoders are chosen."""

from pydantic import Field

from monolayer.parameters import Number, Settings


class PredictSettings(Settings):
    """How trained models are applied."""

    tile: int = Field(default=1024, ge=64, multiple_of=32)
    """Images with a longer side, in pixels, are cut into square tiles of this size."""
    overlap: Number = Field(default=0.25, ge=0, lt=1)
    """Fraction of a tile that its neighbours cover too; a Gaussian weight blends them."""
    test_time_augmentation: bool = False
    """Average the outputs of all eight right-angle rotations and reflections, for eight times the time; the
    detections of a detector are gathered from all of them."""


class TuneSettings(Settings):
    """How the settings of decoders are chosen."""

    images: int | None = Field(default=4, ge=1)
    """Decode so many val images, spread evenly over the split; None for all."""
    score: str = "ap50"
    """What is to be highest, by its name in docs/metrics.md."""
    rounds: int = Field(default=2, ge=1)
    """The list of settings is gone through so many times at most."""
