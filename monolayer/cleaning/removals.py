"""What is removed, and why: the rows of removed.csv."""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

IMAGE_REASONS = (
    "missing_file",
    "unreadable_file",
    "no_annotation",
    "incomplete_annotation",
    "same_name",
    "same_pixels",
    "near_copy",
    "leak_same_name",
    "leak_same_pixels",
    "leak_near_copy",
    "same_field_of_view",
)
ANNOTATION_REASONS = ("unknown_image", "too_few_points", "no_area", "outside_image", "doubled_contour")


class Removal(NamedTuple):
    """One removed image, or one removed annotation. An image's annotations go with it, without rows."""

    split: str
    image_id: int
    file_name: str
    annotation_id: int | None
    """None where the whole image goes."""
    reason: str
    kept_split: str | None = None
    """Where the image stays that this one repeats."""
    kept_image_id: int | None = None
    score: float | None = None
    """Correlation with the image that stays; intersection over union with the contour that stays; fraction of
    the image that looks like cells and is not annotated."""


def removals_csv(removals: Iterable[Removal]) -> str:
    """Write removals as a table, images before annotations, in the order given; scores to four decimals.

    >>> print(removals_csv([Removal("train", 3, "a.tif", None, "no_annotation")]).strip())
    split,image_id,file_name,annotation_id,reason,kept_split,kept_image_id,score
    train,3,a.tif,,no_annotation,,,
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(Removal._fields)
    for removal in removals:
        score = None if removal.score is None else f"{removal.score:.4f}"
        table.writerow(removal._replace(score=score))  # type: ignore[arg-type]
    return text.getvalue()
