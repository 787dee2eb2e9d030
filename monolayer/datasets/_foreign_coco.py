"""COCO files as other tools write them, brought into the form that monolayer.coco reads."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as rle_tools

from monolayer.coco import Annotation, Image, decode_segmentation
from monolayer.errors import InputError


class ForeignImage(msgspec.Struct):
    """An image; some tools leave its size out."""

    id: int
    file_name: str
    width: int | None = None
    height: int | None = None
    cell_type: str = ""


class ForeignAnnotation(msgspec.Struct):
    """An annotation; some tools leave out what follows from the segmentation."""

    id: int
    image_id: int
    segmentation: msgspec.Raw
    area: float | None = None
    bbox: list[float] | None = None
    iscrowd: int = 0


class ForeignCoco(msgspec.Struct):
    """A file's images and annotations."""

    images: list[ForeignImage]
    annotations: list[ForeignAnnotation]
    path: Path
    """The file itself, for errors."""


class _File(msgspec.Struct):
    images: list[ForeignImage]
    annotations: list[ForeignAnnotation] | dict[str, ForeignAnnotation]


def read_foreign_coco(path: Path) -> ForeignCoco:
    """Read a COCO file, with its annotations as a list or as a mapping from id.

    Raises
    ------
    InputError
        The file is missing, not JSON, lacks its images or annotations, gives two of them one id, or has an
        annotation of an image that it does not list.
    """
    if not path.is_file():
        raise InputError(f"annotations: {path.absolute()} not found: give the path of a COCO file")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except msgspec.ValidationError as error:
        raise InputError(f"{path} is JSON, but not a COCO annotation file: {error}") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is truncated or not JSON: {error}. Export it again.") from None
    annotations = list(file.annotations.values()) if isinstance(file.annotations, dict) else file.annotations
    content = ForeignCoco(file.images, annotations, path)
    _require_consistent(content)
    return content


def _require_consistent(content: ForeignCoco) -> None:
    known = {image.id for image in content.images}
    for what, items in (("images", content.images), ("annotations", content.annotations)):
        repeated = [number for number, count in Counter(item.id for item in items).items() if count > 1]
        if repeated:
            raise InputError(f"{content.path}: several {what} have the id {repeated[0]}: give each its own")
    for annotation in content.annotations:
        if annotation.image_id not in known:
            raise InputError(
                f"{content.path}: annotation {annotation.id} is of image {annotation.image_id}, which is not "
                "listed: add the image or remove the annotation"
            )


def convert_annotation(annotation: ForeignAnnotation, image: Image, path: Path) -> Annotation:
    """Fill in area and bounding box where they are missing, and write every run-length code compressed.

    Parameters
    ----------
    annotation
        Polygons or a run-length code, compressed (text) or not (list of counts).
    image
        The image that it is of.
    path
        Its file, for errors.

    Raises
    ------
    InputError
        The segmentation is neither, or its run-length code is of another size than the image.
    """
    place = f"{path}: annotation {annotation.id} of {image.file_name}"
    segmentation = _compressed(_decode(annotation.segmentation, place), image, place)
    raw = annotation.segmentation if isinstance(segmentation, list) else _encode(_as_text(segmentation))
    area, bbox = annotation.area, annotation.bbox
    if area is None or bbox is None:
        rle = _union(segmentation, image)
        area = float(rle_tools.area(rle)) if area is None else area
        bbox = rle_tools.toBbox(rle).tolist() if bbox is None else bbox
    return Annotation(annotation.id, annotation.image_id, raw, area, _encode(bbox))


def _decode(raw: msgspec.Raw, place: str) -> list[list[float]] | dict[str, Any]:
    try:
        return decode_segmentation(raw)
    except msgspec.ValidationError as error:
        raise InputError(f"{place}: neither polygons nor a run-length code ({error})") from None


def _compressed(
    segmentation: list[list[float]] | dict[str, Any], image: Image, place: str
) -> list[list[float]] | dict[str, Any]:
    if isinstance(segmentation, list):
        return segmentation
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if size != [image.height, image.width]:
        raise InputError(f"{place}: its run-length code has size {size}, the image {image.height, image.width}")
    if isinstance(counts, str):
        return {"size": size, "counts": counts.encode()}
    if not isinstance(counts, list) or sum(counts) != image.height * image.width:
        raise InputError(f"{place}: the counts of its run-length code do not fill the image: export it again")
    return rle_tools.frPyObjects({"size": size, "counts": counts}, image.height, image.width)
