"""COCO annotation files: read whole and fast, written in pieces.

LIVECell's training file is 580 MB of polygons that most stages only hand on, so the polygons stay
undecoded text (`msgspec.Raw`) until somebody asks for them.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec

from monolayer.annotations import livecell_names
from monolayer.annotations.cell_types import require_name
from monolayer.errors import InputError

SPLITS = ("train", "val", "test")

Truth = Literal["complete", "partial", "none"]
"""Whether all cells of an image are annotated, or only some, or nobody has annotated it."""


class Image(msgspec.Struct, omit_defaults=True, gc=False):
    """One image of a split."""

    id: int
    file_name: str
    """Path below the folder of images, or the bare name of a file somewhere below it."""
    width: int
    height: int
    cell_type: str = ""
    """Set where the file name does not tell it; see `cell_type_of`."""
    sequence: str = ""
    """Recording that the image is a frame of, where the file name does not tell it; see `place_in_time`."""
    frame: int = 0
    """Its number in that recording."""
    group: str = ""
    """What it was recorded with, such as a well, where the data set says so; see `group_of`."""
    truth: Truth = "complete"
    """How far it is annotated."""
    channel: str = "auto"
    """Which channel of its file it is: a number from 0 on, a colour, or ``mean``; see
    `monolayer.images.grey.to_grey`."""
    plane: int | None = None
    """Which plane of a stack or a time series it is, from 0 on, in the order of the file."""
    limits: tuple[float, float] | None = None
    """The values of its file that are the grey levels 0 and 255, as the cleaning found them; None of 8 bits,
    which are grey levels as they are."""
    empty: bool = False
    """Whether who annotated it says that it has no cell; an image without annotations may else be one that
    was forgotten."""


class Annotation(msgspec.Struct, gc=False):
    """One annotated cell."""

    id: int
    image_id: int
    segmentation: msgspec.Raw
    """JSON text of the polygons or of the run-length code; see `decode_segmentation`."""
    area: float
    bbox: msgspec.Raw
    """JSON text of ``[left, top, width, height]`` in pixels."""
    category_id: int = 1
    iscrowd: int = 0


class Coco(msgspec.Struct):
    """One split: its images and their annotations."""

    images: list[Image]
    annotations: list[Annotation]


class _CocoFile(msgspec.Struct):
    # LIVECell's single-cell-type files hold a mapping from id to annotation instead of a list.
    images: list[Image]
    annotations: list[Annotation] | dict[str, Annotation]


def read_coco(path: Path) -> Coco:
    """Read an annotation file, with its annotations as a list or as a mapping from id.

    Raises
    ------
    InputError
        The file is missing, truncated, not JSON, or not in COCO's form, or a cell type in it is no name.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage that writes it") from None
    try:
        content = msgspec.json.decode(data, type=_CocoFile)
    except msgspec.ValidationError as error:
        raise InputError(f"{path} is JSON, but not a COCO annotation file: {error}") from None
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} ({len(data)} bytes) is truncated or not JSON: {error}. Delete it and fetch it again."
        ) from None
    require_names(content.images, path)
    annotations = content.annotations
    return Coco(content.images, list(annotations.values()) if isinstance(annotations, dict) else annotations)


def require_names(images: list[Image], path: Path) -> None:
    """Make sure that the cell types of a file's images are names; see `require_name`."""
    for cell_type in {image.cell_type for image in images}:
        require_name(cell_type, str(path))


def write_coco(path: Path, coco: Coco) -> None:
    """Write a split as a COCO file, whole or not at all (a temporary file is renamed).

    Raises
    ------
    InputError
        A cell type is no name.
    """
    write_coco_pieces(path, coco.images, coco.annotations)


def write_coco_pieces(path: Path, images: Iterable[Image], annotations: Iterable[Annotation]) -> None:
    """Write a split as `write_coco` does, from what need not be in memory as a whole."""
    images = list(images)
    require_names(images, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(b'{"categories":[{"id":1,"name":"cell","supercategory":"cell"}],\n"images":[')
        file.writelines(_pieces(images))
        file.write(b'],\n"annotations":[')
        file.writelines(_pieces(annotations))
        file.write(b"]}\n")
    os.replace(partial, path)


def _pieces(items: Iterable[Any]) -> Iterator[bytes]:
    # A piece is a JSON list without its brackets: the whole file as one bytes object would double the memory.
    remaining = iter(items)
    separator = b""
    while batch := list(islice(remaining, 10_000)):
        yield separator + msgspec.json.encode(batch)[1:-1]
        separator = b",\n"


def annotations_by_image(coco: Coco) -> dict[int, list[Annotation]]:
    """Group the annotations by image id; an image without any has an empty list."""
    groups: dict[int, list[Annotation]] = {image.id: [] for image in coco.images}
    for annotation in coco.annotations:
        groups.setdefault(annotation.image_id, []).append(annotation)
    return groups


class RunLengths(TypedDict):
    """A mask as COCO writes it."""

    size: Annotated[list[int], msgspec.Meta(min_length=2, max_length=2)]
    """Height and width in pixels."""
    counts: list[Annotated[int, msgspec.Meta(ge=0)]] | str
    """Lengths of the runs outside and inside, down the columns; as a list, or compressed."""


Segmentation = list[list[float]] | RunLengths
"""Polygons ``[x0, y0, x1, y1, ...]`` in pixels, or a run-length code."""


def decode_segmentation(raw: msgspec.Raw) -> Segmentation:
    """Decode the JSON text of one cell; what is no segmentation is a `msgspec.ValidationError`.

    >>> decode_segmentation(msgspec.Raw(b"[[1, 1, 3, 1, 3, 3]]"))
    [[1.0, 1.0, 3.0, 1.0, 3.0, 3.0]]
    """
    return _SEGMENTATION.decode(raw)


_SEGMENTATION = msgspec.json.Decoder(Segmentation)


def cell_type_of(image: Image) -> str:
    """Return the image's own cell type, else the one in its LIVECell file name, else ``cell``.

    >>> cell_type_of(Image(1, "BV2_Phase_D4_1_00d12h00m_2.tif", 704, 520))
    'BV2'
    """
    if image.cell_type:
        return image.cell_type
    name = livecell_names.parse(image.file_name)
    return name.cell_type if name else "cell"


class PlaceInTime(NamedTuple):
    """Which frame of which recording an image is."""

    sequence: str
    frame: int
    """Ascends with time."""


def place_in_time(image: Image) -> PlaceInTime:
    """Return the image's own sequence, else that of its LIVECell file name, else a sequence of its own.

    >>> place_in_time(Image(1, "BV2_Phase_D4_1_00d12h00m_2.tif", 704, 520))
    PlaceInTime(sequence='BV2_D4_1_2', frame=720)
    >>> place_in_time(Image(1, "nuclei.png", 256, 256))
    PlaceInTime(sequence='nuclei.png', frame=0)
    """
    if image.sequence:
        return PlaceInTime(image.sequence, image.frame)
    name = livecell_names.parse(image.file_name)
    if name is None:
        return PlaceInTime(image.file_name, 0)
    return PlaceInTime(f"{name.cell_type}_{name.well}_{name.location}_{name.crop}", name.minutes)


def group_of(image: Image) -> str:
    """Return what the image was recorded with, as images of one group are more alike than others.

    Its own group, else its recording, else the well of its LIVECell file name, else the image alone.

    >>> group_of(Image(1, "BV2_Phase_D4_1_00d12h00m_2.tif", 704, 520))
    'BV2_D4'
    >>> group_of(Image(1, "nuclei.png", 256, 256)), group_of(Image(2, "t0.png", 256, 256, sequence="A1"))
    ('nuclei.png', 'A1')
    """
    if image.group or image.sequence:
        return image.group or image.sequence
    name = livecell_names.parse(image.file_name)
    return f"{name.cell_type}_{name.well}" if name else image.file_name
