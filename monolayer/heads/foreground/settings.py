"""What may be set of the head foreground."""

from pydantic import Field, model_validator

from monolayer.heads.base.settings import HeadSettings
from monolayer.parameters import Number


class Settings(HeadSettings):
    """Weights of the terms of the loss, of which one of weight 0 is not computed, and what a gap is."""

    dice: Number = Field(default=1.0, ge=0)
    """1 - Dice of the whole batch, with probabilities for masks (Milletari et al. 2016)."""
    bce: Number = Field(default=1.0, ge=0)
    """Binary cross-entropy: with two classes, the cross-entropy. Mean over the pixels."""
    focal: Number = Field(default=0.0, ge=0)
    """Focal loss with gamma 2 (Lin et al. 2017): cross-entropy that makes light of what is easy."""

    gap: int = Field(default=2, ge=0)
    """A second output tells where cells touch: the pixels of cells that have another cell within so many
    pixels, across and along the diagonals. 0 learns the foreground alone."""

    @model_validator(mode="after")
    def _has_a_term(self) -> "Settings":
        if not any((self.dice, self.bce, self.focal)):
            raise ValueError("all weights are 0: give at least one of dice, bce and focal")
        return self
