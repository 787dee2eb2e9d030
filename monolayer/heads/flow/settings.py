"""What may be set of the head flow."""

from typing import ClassVar

from pydantic import Field, model_validator

from monolayer.heads.base.settings import HeadSettings
from monolayer.parameters import Number


class Settings(HeadSettings):
    """Weights of the terms of the loss; a term of weight 0 is not computed."""

    resizable: ClassVar[bool] = False
    """Resizing would skew the directions."""

    bce: Number = Field(default=1.0, ge=0)
    """Binary cross-entropy of the foreground. Mean over the pixels."""
    flow: Number = Field(default=0.5, ge=0)
    """Squared error of the flow times 5. Mean over the pixels and the two directions."""
    dice: Number = Field(default=0.0, ge=0)
    """1 - Dice of the foreground of the whole batch; the paper has no such term."""

    @model_validator(mode="after")
    def _has_both(self) -> "Settings":
        if not (self.flow and (self.bce or self.dice)):
            raise ValueError("cells need the flow and the foreground: give flow and one of bce and dice")
        return self
