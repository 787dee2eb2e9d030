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

    score: str = "ap50"
    """What is to be best, by its name in docs/metrics.md."""
    trials: int = Field(default=60, ge=1)
    """Settings that are tried."""
    seconds: Number = Field(default=60, gt=0)
    """Decoding may take about so long on one core, which says how many val images are decoded."""
    images: int | None = Field(default=None, ge=1)
    """Decode so many instead, whatever it takes."""
