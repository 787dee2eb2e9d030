"""How predictions are scored, and how methods are compared."""

from pydantic import Field, field_validator

from monolayer.parameters import Number, Settings


class CellSettings(Settings):
    """How many predicted cells are ranked, and how near an outline has to be."""

    max_dets: list[int] = Field(default=[100, 500, 2000], min_length=1)
    """Highest-scored cells of an image that AR takes; AP takes the last number. LIVECell's."""
    boundary_tolerance: int = Field(default=2, ge=0)
    """Pixels by which an outline may be off in boundary F."""

    @field_validator("max_dets")
    @classmethod
    def _ascends(cls, max_dets: list[int]) -> list[int]:
        if min(max_dets) < 1 or max_dets != sorted(set(max_dets)):
            raise ValueError("must be numbers from 1 on, each larger than the one before")
        return max_dets


class EvaluateSettings(CellSettings):
    """What counts as predicted foreground and as predicted cells."""

    threshold: Number | None = Field(default=None, gt=0, le=1)
    """Foreground probability from which a pixel counts as cell; None for `split.choose_threshold` on the
    cleaned val images."""
    score_floor: Number | None = Field(default=None, ge=0, le=1)
    """Predicted cells of a lower score do not count, but in AP and AR, which rank all of them; None for
    `split.choose_score_floor` on the cleaned val images."""


class CompareSettings(Settings):
    """What methods are ranked by, and how the intervals are drawn."""

    score: str = "dice"
    """By its name in docs/metrics.md."""
    scores: list[str] = Field(default=["dice", "iou", "confluence_rmse", "confluence_bias"])
    """What is written of each method."""
    resamples: int = Field(default=10_000, ge=2)
    """Bootstrap draws of the images, or of their wells or recordings."""
    ap_resamples: int = Field(default=1_000, ge=2)
    """Draws of AP, which take longer: the first so many of all draws."""
    seed: int = Field(default=0, ge=0)
    """Of the draws."""
