"""What may be set of the head boxes."""

from typing import ClassVar

from pydantic import Field

from monolayer.heads.base.settings import HeadSettings


class Settings(HeadSettings):
    """Which cells are learned."""

    for_detectors: ClassVar[bool] = True

    cell_area: int = Field(default=10, ge=1)
    """What a crop leaves of a cell is learned where it is of so many pixels or more."""
