"""COCO files as other tools write them: images, annotations and categories."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from monolayer.datasets._foreign_json import listed_json, plain_json
from monolayer.errors import InputError

NO_CATEGORY = "(no category)"

_LARGEST_ID = 2**63


class ForeignImage(msgspec.Struct):
    """An image; some tools leave its size out, or write 0."""

    id: int
    file_name: str
    width: int | None = None
    height: int | None = None
    cell_type: str | None = None


class ForeignAnnotation(msgspec.Struct):
    """An annotation; some tools leave out what follows from the segmentation."""

    id: int
    image_id: int
    segmentation: msgspec.Raw = msgspec.Raw(b"null")
    area: Any = None
    bbox: Any = None
    iscrowd: bool | int | None = 0
    category_id: int | float | str | None = None


class ForeignCoco(msgspec.Struct):
    """A file's images and annotations."""

    images: list[ForeignImage]
    annotations: list[ForeignAnnotation]
    categories: dict[int | str, str]
    """Name of each category, by id."""
    path: Path
    """The file itself, for errors."""

    def category_of(self, annotation: ForeignAnnotation) -> str:
        """Return the name of an annotation's category, else its id, else ``(no category)``."""
        if annotation.category_id is None:
            return NO_CATEGORY
        number = _number(annotation.category_id)
        return self.categories.get(number) or str(number)


class _File(msgspec.Struct):
    images: list[ForeignImage]
    annotations: list[ForeignAnnotation] | dict[str, ForeignAnnotation]
    categories: Any = None


def read_foreign_coco(path: Path) -> ForeignCoco:
    """Read a COCO file.

    Images and annotations may be mappings from id; whole numbers may be written as 3.0 or "3"; the text may
    be UTF-8 with a byte order mark, UTF-16 or UTF-32, and may hold NaN.

    Raises
    ------
    InputError
        The file is missing, not JSON, lacks its images or annotations, gives two of them one id, has an
        annotation without a segmentation or one of an image that it does not list.
    """
    if not path.is_file():
        raise InputError(f"annotations: {path.absolute()} not found: give the path of a COCO file")
    try:
        file = _decode(path.read_bytes())
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path} is JSON, but not a COCO annotation file: {error}. Export it as COCO"
        ) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError(f"{path} is truncated or not JSON: {error}. Export it again, as UTF-8.") from None
    annotations = list(file.annotations.values()) if isinstance(file.annotations, dict) else file.annotations
    content = ForeignCoco(file.images, annotations, _category_names(file.categories), path)
    _require_outlines(content)
    _require_consistent(content)
    return content


def _decode(data: bytes) -> _File:
    try:
        return msgspec.json.decode(data, type=_File, strict=False)
    except (msgspec.DecodeError, UnicodeError):
        return msgspec.json.decode(listed_json(plain_json(data)), type=_File, strict=False)


def _number(number: object) -> int | str:
    """Return a category's id as a whole number where it is one: tools write 3, 3.0, "3" and names."""
    try:
        return msgspec.convert(number, int, strict=False)
    except msgspec.ValidationError:
        return str(number)


def _category_names(categories: object) -> dict[int | str, str]:
    """Return names by id, from a list of categories, or a mapping from id to category or name.

    >>> _category_names([{"id": 1, "name": "cell"}])
    {1: 'cell'}
    >>> _category_names({"1": {"name": "cell"}, "2": "nucleus"})
    {1: 'cell', 2: 'nucleus'}
    """
    if isinstance(categories, dict):
        pairs = [
            (key, item.get("name") if isinstance(item, dict) else item) for key, item in categories.items()
        ]
    else:
        items = categories if isinstance(categories, list) else []
        pairs = [(item.get("id"), item.get("name")) for item in items if isinstance(item, dict)]
    return {_number(key): str(name) for key, name in pairs if name is not None}


def _is_empty(segmentation: msgspec.Raw) -> bool:
    text = bytes(segmentation)
    return len(text) < 40 and not text.strip(b'[]{}" \t\r\n,').removeprefix(b"null")


def _require_outlines(content: ForeignCoco) -> None:
    without = [item for item in content.annotations if _is_empty(item.segmentation)]
    if without:
        boxes = sum(bool(item.bbox) for item in without)
        alone = f" ({boxes} have a box, `bbox`, alone)" if boxes else ""
        raise InputError(
            f"{content.path} is JSON, but {len(without)} of its {len(content.annotations)} annotations, such "
            f"as {without[0].id}, have no outline{alone}: their `segmentation` is empty or missing. Draw "
            "them as polygons or masks and export those, or remove these annotations"
        )


def _require_consistent(content: ForeignCoco) -> None:
    known = {image.id for image in content.images}
    for what, items in (("images", content.images), ("annotations", content.annotations)):
        repeated = [number for number, count in Counter(item.id for item in items).items() if count > 1]
        if repeated:
            raise InputError(f"{content.path}: several {what} have the id {repeated[0]}: give each its own")
        large = [item.id for item in items if not -_LARGEST_ID <= item.id < _LARGEST_ID]
        if large:
            raise InputError(
                f"{content.path}: the id {large[0]} of {what} needs more than 64 bits: number anew"
            )
    for annotation in content.annotations:
        if annotation.image_id not in known:
            raise InputError(
                f"{content.path}: annotation {annotation.id} is of image {annotation.image_id}, which is not "
                "listed: add the image or remove the annotation"
            )
