"""What every source of a user's own data has in common."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from pydantic import AfterValidator, Field

from monolayer.annotations.coco import Image
from monolayer.datasets._description import Description
from monolayer.datasets._recordings import Columns, groups_of, places_in_time
from monolayer.datasets._settings import DatasetSettings
from monolayer.datasets._splits import DEFAULT_FRACTIONS, SPLITS, Fractions, Split, divide
from monolayer.errors import InputError


def _compiles(expression: str) -> str:
    try:
        re.compile(expression)
    except re.error as error:
        raise ValueError(f"{expression!r} is no regular expression ({error})") from None
    return expression


Expression = Annotated[str, AfterValidator(_compiles)]
"""A regular expression, or the name of a column."""


class Part(NamedTuple):
    """What is read of a file that holds more; see `monolayer.images.files.read_channel`."""

    channel: str
    plane: int | None


class OwnDataSettings(DatasetSettings):
    """How a user's data are divided, and what they are."""

    split: Fractions = DEFAULT_FRACTIONS
    """Fractions of the images. Another image moves hardly any other into another split, see
    `monolayer.datasets._splits.divide`."""
    seed: int = 0
    """Seeds the draw."""
    group: Expression | None = None
    """What is not divided: a well, a patient, a slide. A regular expression, searched in the path below the
    folder, of which the first group counts (or the whole match); or a column of the table."""
    sequence: Expression | None = None
    """Recordings: a regular expression with the groups ``sequence`` and ``frame``, or the first two, as in
    ``(.*)_t([0-9]+)``; or a column of the table. Consecutive frames are then no copies of each other, and a
    recording comes into one split, unless `group` says otherwise."""
    keep_splits: str | None = None
    """Folder with {train,val,test}.json of an earlier run, a copy of ``data/raw/annotations``: the images
    that these list stay in their splits, whatever is added."""
    channel: str | int = "auto"
    """Which channel of the image files is read: its number from 0 on, its name, such as ``red`` or that in an
    OME-TIFF, or ``mean``. ``auto`` reads grey as it is and colour as luma, and refuses several channels."""
    frame: Literal["auto"] | Annotated[int, Field(ge=0)] = "auto"
    """Which plane of a stack or a time series is read, from 0 on in the order of the file; ``auto`` refuses
    files of several."""
    cell_type: str = ""
    """Cell type of images that have none of their own."""
    name: str = "own data"
    """For dataset.json, as are the two below."""
    licence: str = "unknown"
    citation: str = ""

    def divide(
        self, names: Sequence[str], cell_types: Sequence[str], columns: Columns | None = None
    ) -> dict[Split, list[int]]:
        """Choose the images of each split; parameters and errors as those of `divide` and `groups_of`."""
        kept = {} if self.keep_splits is None else _splits_in(Path(self.keep_splits))
        groups = self._groups(names, columns or {})
        return divide(names, cell_types, self.split, self.seed, groups, kept)

    def _groups(self, names: Sequence[str], columns: Columns) -> list[str] | None:
        if self.group is not None:
            return groups_of(names, self.group, columns)
        if self.sequence is not None:
            return [place.sequence for place in places_in_time(names, self.sequence, columns)]
        return None

    @property
    def part(self) -> Part:
        """Which part of each file is read."""
        return Part(str(self.channel), None if self.frame == "auto" else self.frame)

    def completed(self, images: Sequence[Image], columns: Columns | None = None) -> list[Image]:
        """Return images with the part of their files, their groups, and the recordings and frame numbers.

        Parameters and errors as those of `groups_of` and `places_in_time`.
        """
        images = [msgspec.structs.replace(image, **self.part._asdict()) for image in images]
        names = [image.file_name for image in images]
        if self.group is not None:
            groups = groups_of(names, self.group, columns or {})
            images = [
                msgspec.structs.replace(image, group=group)
                for image, group in zip(images, groups, strict=True)
            ]
        if self.sequence is None:
            return images
        places = places_in_time(names, self.sequence, columns or {})
        return [
            msgspec.structs.replace(image, sequence=place.sequence, frame=place.frame)
            for image, place in zip(images, places, strict=True)
        ]

    def description(self, source: str, crowd_regions_left_out: int = 0) -> Description:
        """Return what dataset.json is to say of the data that came from `source`."""
        return Description(
            self.name, self.licence, self.citation, source, crowd_regions_left_out=crowd_regions_left_out
        )


class _Listed(msgspec.Struct):
    file_name: str


class _ListedImages(msgspec.Struct):
    images: list[_Listed]


def _splits_in(folder: Path) -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for split in SPLITS:
        path = folder / f"{split}.json"
        try:
            listed = msgspec.json.decode(path.read_bytes(), type=_ListedImages).images
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(
                f"keep_splits: {path.absolute()} cannot be read ({error}): give a copy of "
                "data/raw/annotations of an earlier run, or null"
            ) from None
        splits |= {image.file_name: split for image in listed}
    return splits
