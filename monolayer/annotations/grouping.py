"""The cells of each image, without all the cells of a split in memory."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from monolayer.annotations.coco import Annotation, Image
from monolayer.annotations.coco_pieces import read_annotations, read_in_pieces


class ImageCells(NamedTuple):
    """The annotated cells of one image, in the order of the file."""

    image: Image
    annotation_ids: list[int]
    segmentations: bytes
    """JSON list of their segmentations."""


def count_cells(path: Path) -> tuple[list[Image], Counter[int]]:
    """Read the images of an annotation file, and how many annotations each image id has."""
    images, pieces = read_in_pieces(path, _PLACES)
    counts: Counter[int] = Counter()
    for piece in pieces:
        counts.update([place.image_id for place in piece])
    return images, counts


class _Place(msgspec.Struct, gc=False):
    image_id: int


_PLACES = msgspec.json.Decoder(list[_Place])


def cells_by_image(path: Path) -> Iterator[ImageCells]:
    """Read an annotation file twice, and yield each image as soon as the last of its cells was read.

    Only the cells of unfinished images are held: those of one image where the file goes image by image, the
    outlines of all, as text, where it goes all over them.

    Yields
    ------
    ImageCells
        In any order; an image without annotations, too. Annotations of unlisted images are not yielded.

    Raises
    ------
    InputError
        As `read_coco`.
    """
    images, counts = count_cells(path)
    by_id: dict[int, list[Image]] = {}
    for image in images:
        by_id.setdefault(image.id, []).append(image)
    for image in images:
        if not counts[image.id]:
            yield ImageCells(image, [], b"[]")
    for image_id, ids, text in _finished(read_annotations(path)[1], counts):
        for image in by_id.get(image_id, []):
            yield ImageCells(image, ids, text)


def _finished(
    annotations: Iterator[Annotation], counts: Counter[int]
) -> Iterator[tuple[int, list[int], bytes]]:
    # A msgspec.Raw is a window on many annotations: only its own bytes may be kept.
    unfinished: dict[int, tuple[list[int], bytearray]] = {}
    for annotation in annotations:
        ids, text = unfinished.setdefault(annotation.image_id, ([], bytearray()))
        text += (b"," if ids else b"[") + bytes(annotation.segmentation)
        ids.append(annotation.id)
        if len(ids) == counts[annotation.image_id]:
            del unfinished[annotation.image_id]
            yield annotation.image_id, ids, bytes(text + b"]")
