"""What may be set of the head stardist."""

from typing import ClassVar

from pydantic import Field

from monolayer.heads.base.settings import HeadSettings
from monolayer.parameters import Number


class Settings(HeadSettings):
    """Weights of the terms of the loss."""

    resizable: ClassVar[bool] = False
    """Distances are in the pixels of the image that the net sees."""

    probability: Number = Field(default=1.0, gt=0)
    """Binary cross-entropy of the object probability, mean over the pixels. The best of nets has some, as the
    truth lies between 0 and 1."""
    distance: Number = Field(default=1.0, gt=0)
    """Absolute error of the distances in pixels. Mean over the rays, and over the pixels by probability. The
    authors' program takes 0.2, with which shapes are learned later."""
    foreground: Number = Field(default=1.0, gt=0)
    """Binary cross-entropy of the foreground, mean over the pixels, and 1 - Dice of the whole batch."""
