"""COCO files as other tools write them, brought into the form that monolayer.annotations.coco reads."""

from collections import Counter
from pathlib import Path

import msgspec

from monolayer.annotations.coco import Annotation, Image
from monolayer.annotations.rasterise import cell_runs
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
    iscrowd: bool | int = 0


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
    """Check a segmentation, and fill in area and bounding box from its pixels where they are missing.

    Parameters
    ----------
    annotation
        Polygons or a run-length code, compressed (text) or not (a list of counts).
    image
        The image that it is of.
    path
        Its file, for errors.

    Raises
    ------
    InputError
        The segmentation is neither, or its run-length code does not fit the image.
    """
    try:
        runs = cell_runs([annotation.segmentation], image.height, image.width)
    except (msgspec.ValidationError, InputError) as error:
        raise InputError(f"{path}: segmentation of annotation {annotation.id}: {error}") from None
    area = float(runs.areas(1)[0]) if annotation.area is None else annotation.area
    bbox = annotation.bbox
    if bbox is None:
        bbox = runs.boxes(image.height).ravel().tolist() or [0, 0, 0, 0]
    return Annotation(
        annotation.id,
        annotation.image_id,
        annotation.segmentation,
        area,
        msgspec.Raw(msgspec.json.encode(bbox)),
    )
