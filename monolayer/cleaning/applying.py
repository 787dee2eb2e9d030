"""Carry the removals out on one split."""

from collections.abc import Iterable

from monolayer.annotations.coco import Coco
from monolayer.cleaning.removals import Removal


def without(coco: Coco, split: str, removals: Iterable[Removal]) -> Coco:
    """Return a split without its removed images, their annotations, and its removed annotations."""
    images: set[int] = set()
    annotations: set[tuple[int, int]] = set()
    for row in removals:
        if row.split == split and row.annotation_id is None:
            images.add(row.image_id)
        elif row.split == split and row.annotation_id is not None:
            annotations.add((row.image_id, row.annotation_id))
    return Coco(
        [image for image in coco.images if image.id not in images],
        [
            annotation
            for annotation in coco.annotations
            if annotation.image_id not in images and (annotation.image_id, annotation.id) not in annotations
        ],
    )


def unknown_images(coco: Coco, split: str) -> list[Removal]:
    """List the annotations whose image the split does not have."""
    known = {image.id for image in coco.images}
    return [
        Removal(split, annotation.image_id, "", annotation.id, "unknown_image")
        for annotation in coco.annotations
        if annotation.image_id not in known
    ]


def count(coco: Coco) -> dict[str, int]:
    """Count images and annotations."""
    return {"images": len(coco.images), "annotations": len(coco.annotations)}
