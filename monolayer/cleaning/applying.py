"""Carry the removals out on one split."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from monolayer.annotations.coco import Annotation, write_coco_pieces
from monolayer.annotations.coco_pieces import read_annotations
from monolayer.cleaning.removals import Removal
from monolayer.images.grey import Limits


def write_without(
    source: Path, target: Path, removals: Iterable[Removal], limits: dict[int, Limits | None]
) -> tuple[dict[str, int], dict[str, int]]:
    """Write an annotation file without its removed images, their annotations, and its removed annotations.

    Parameters
    ----------
    source, target
        Annotation files of one split; the annotations are never all in memory.
    removals
        Of that split.
    limits
        By image id: the values that are the grey levels 0 and 255, which are written with the images.

    Returns
    -------
    before, after
        Number of images and of annotations, as read and as written.
    """
    gone = _Gone(removals)
    images, annotations = read_annotations(source)
    kept = [image for image in images if image.id not in gone.images]
    for image in kept:
        image.limits = limits[image.id]
    before, after = ({"images": len(listed), "annotations": 0} for listed in (images, kept))
    remaining = (cell for cell in _counted(annotations, before) if cell not in gone)
    write_coco_pieces(target, kept, _counted(remaining, after))
    return before, after


class _Gone:
    def __init__(self, removals: Iterable[Removal]) -> None:
        self.images: set[int] = set()
        self._annotations: set[tuple[int, int]] = set()
        for row in removals:
            if row.annotation_id is None:
                self.images.add(row.image_id)
            else:
                self._annotations.add((row.image_id, row.annotation_id))

    def __contains__(self, cell: Annotation) -> bool:
        return cell.image_id in self.images or (cell.image_id, cell.id) in self._annotations


def _counted(annotations: Iterable[Annotation], counts: dict[str, int]) -> Iterator[Annotation]:
    for annotation in annotations:
        counts["annotations"] += 1
        yield annotation


def unknown_images(annotations: Path, split: str) -> list[Removal]:
    """List the annotations of a split's file whose image it does not have."""
    images, cells = read_annotations(annotations)
    known = {image.id for image in images}
    return [
        Removal(split, cell.image_id, "", cell.id, "unknown_image")
        for cell in cells
        if cell.image_id not in known
    ]
