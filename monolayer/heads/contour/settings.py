"""What may be set of the head contour."""

from typing import ClassVar

from pydantic import Field

from monolayer.heads.base.settings import HeadSettings
from monolayer.parameters import Number


class Settings(HeadSettings):
    """What a contour is, and what each class weighs in the loss."""

    learns_from_partial_truth: ClassVar[bool] = True

    width: int = Field(default=2, ge=1)
    """A cell's pixels nearer than this to what is not the cell are its contour, in pixels."""
    background: Number = Field(default=1.0, gt=0)
    cell: Number = Field(default=1.0, gt=0)
    contour: Number = Field(default=2.0, gt=0)
    """These three are the weights of the classes in the cross-entropy."""
