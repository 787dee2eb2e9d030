"""Images as an annotation file lists them, and the numbering of images and cells."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

import msgspec
import numpy as np

from monolayer.annotations.coco import SPLITS, Annotation, Coco, Image
from monolayer.synthesis.polygons import area, bounding_box


@dataclass(eq=False)
class Cell:
    """One annotated cell."""

    polygon: np.ndarray
    """float64 [V, 2]: x and y in pixels, to a hundredth."""
    id: int = 0


@dataclass(eq=False)
class Picture:
    """One entry of a split's list of images."""

    split: str
    file_name: str
    cells: list[Cell] = field(default_factory=list)
    id: int = 0
    original: "Picture | None" = None
    """The picture whose pixels this one has, changed or not."""
    change: str = "none"
    """What happened to the pixels; a key of `copies.CHANGES`."""
    on_disk: bool = True
    """Whether the file exists."""


def number(pictures: Iterable[Picture]) -> None:
    """Give ids to pictures and cells, split by split in the order of the list, from 1, without repeats."""
    image_ids, annotation_ids = count(1), count(1)
    for picture in sorted(pictures, key=lambda picture: SPLITS.index(picture.split)):
        picture.id = next(image_ids)
        for cell in picture.cells:
            cell.id = next(annotation_ids)


def to_coco(pictures: Iterable[Picture], height: int, width: int) -> Coco:
    """Turn numbered pictures of one split into its annotation file's content."""
    coco = Coco([], [])
    for picture in pictures:
        coco.images.append(Image(picture.id, picture.file_name, width, height))
        coco.annotations += [_annotation(cell, picture.id) for cell in picture.cells]
    return coco


def _annotation(cell: Cell, image_id: int) -> Annotation:
    return Annotation(
        id=cell.id,
        image_id=image_id,
        segmentation=msgspec.Raw(msgspec.json.encode([cell.polygon.ravel().tolist()])),
        area=round(area(cell.polygon), 2),
        bbox=msgspec.Raw(msgspec.json.encode(bounding_box(cell.polygon))),
    )
