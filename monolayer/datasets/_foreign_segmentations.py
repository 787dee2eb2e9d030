"""Segmentations as other tools write them: read where their meaning is certain, else named."""

from itertools import chain
from typing import Any

import msgspec

from monolayer.annotations.coco import Image, Segmentation, decode_segmentation
from monolayer.datasets._foreign_coco import ForeignAnnotation
from monolayer.errors import InputError


def read_segmentation(annotation: ForeignAnnotation, image: Image) -> tuple[Segmentation, msgspec.Raw]:
    """Return an annotation's polygons or run-length code, and their JSON text.

    Parameters
    ----------
    annotation
        Its polygons may also be lists of points ``[[x, y], ...]``, or one flat list; numbers may be text.
    image
        The image that it is of.

    Raises
    ------
    InputError
        It is something else: a box, coordinates from 0 to 1, an x without a y, numbers that are none, or a
        run-length code of another size.
    """
    try:
        segmentation = decode_segmentation(annotation.segmentation)
    except msgspec.DecodeError as error:
        segmentation = _other_form(annotation.segmentation, error)
        annotation = msgspec.structs.replace(annotation, segmentation=_raw(segmentation))
    if isinstance(segmentation, dict):
        _require_text(segmentation["counts"])
        _require_size(segmentation["size"], image)
        return segmentation, annotation.segmentation
    if len(segmentation) > 2 and all(len(point) == 2 for point in segmentation):
        segmentation = [list(chain.from_iterable(segmentation))]
        annotation = msgspec.structs.replace(annotation, segmentation=_raw(segmentation))
    _require_outline(segmentation, annotation.bbox)
    return segmentation, annotation.segmentation


def _raw(segmentation: Segmentation) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(segmentation))


def _other_form(raw: msgspec.Raw, error: msgspec.DecodeError) -> Segmentation:
    """Read flat lists, lists of points and numbers as text; what is none of them is an error."""
    form: Any
    for form, polygons in (
        (Segmentation, lambda own: own),
        (list[float], lambda own: [own]),
        (list[list[list[float]]], lambda own: [list(chain.from_iterable(points)) for points in own]),
    ):
        try:
            return polygons(msgspec.json.decode(raw, type=form, strict=False))
        except msgspec.DecodeError:
            continue
    if b"null" in bytes(raw):
        raise InputError("it holds null, NaN or Infinity: give each coordinate as a number") from None
    raise InputError(f"{error}. Give polygons [[x0, y0, x1, y1, ...]] or a run-length code") from None


def _require_text(counts: list[int] | str) -> None:
    if isinstance(counts, str) and counts[:2] in ("b'", 'b"'):
        raise InputError(
            "its `counts` are the printed form of Python's bytes (b'...'): write the run-length code as "
            'counts.decode("ascii")'
        )


def _require_size(size: list[int], image: Image) -> None:
    if size == [image.width, image.height] != [image.height, image.width]:
        raise InputError(
            f"run-length code of size {size} in an image of [{image.height}, {image.width}]: height and "
            "width are exchanged. `size` is [height, width], and counts go down the columns"
        )


def _require_outline(polygons: list[list[float]], bbox: Any) -> None:
    if len(polygons) == 1 and len(polygons[0]) == 4 and _stands_for(polygons[0], bbox):
        raise InputError(
            f"{polygons} is a box, [[x, y, width, height]] or its corners, and no outline: draw the cells as "
            "polygons or masks and export those"
        )
    odd = [len(polygon) for polygon in polygons if len(polygon) % 2]
    if odd:
        raise InputError(f"a polygon of {odd[0]} numbers lacks one: give x and y of each point")
    if _are_fractions(polygons):
        raise InputError(
            "its coordinates are fractions of the image, from 0 to 1: multiply them by its width and height "
            "in pixels"
        )


def is_box(bbox: Any) -> bool:
    """Say whether it is four numbers."""
    return isinstance(bbox, list) and len(bbox) == 4 and all(isinstance(v, (int, float)) for v in bbox)


def _stands_for(numbers: list[float], bbox: Any) -> bool:
    if not is_box(bbox):
        return False
    left, top, width, height = bbox
    return numbers in ([left, top, width, height], [left, top, left + width, top + height])


def _are_fractions(polygons: list[list[float]]) -> bool:
    """Return whether all lies in an image's first pixel, on other points than its corners."""
    if any(number > 1 for polygon in polygons for number in polygon[:1]):  # as of nearly every cell
        return False
    numbers = list(chain.from_iterable(polygons))
    is_within = len(numbers) >= 6 and min(numbers) >= -0.1 and max(numbers) <= 1
    return is_within and any(not number.is_integer() for number in numbers)
