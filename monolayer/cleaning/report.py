"""The counts that explain a cleaning: metrics/cleaning.json."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from monolayer.cleaning.removals import ANNOTATION_REASONS, IMAGE_REASONS, Removal

Counts = dict[str, dict[str, int]]
"""Number of images and of annotations, by split."""


def report(
    before: Counts, after: Counts, removals: Iterable[Removal], shared_fields: Mapping[str, int | None]
) -> dict[str, Any]:
    """Account for every removal.

    Parameters
    ----------
    before, after
        ``{"train": {"images": 10, "annotations": 2000}, ...}``
    removals
        What was removed.
    shared_fields
        Fields of view that two splits have in common; None where nobody can tell.

    Returns
    -------
    dict
        For each split: images and annotations before and after, how many went for each reason, and how many
        annotations went with their image. Before minus removed is after, exactly.
    """
    reasons = Counter((removal.split, removal.reason) for removal in removals)
    return {
        "splits": {split: _split(split, before[split], after[split], reasons) for split in before},
        "shared_fields_of_view": dict(shared_fields),
    }


def _split(
    split: str, before: dict[str, int], after: dict[str, int], reasons: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    images = {reason: reasons.get((split, reason), 0) for reason in IMAGE_REASONS}
    annotations = {reason: reasons.get((split, reason), 0) for reason in ANNOTATION_REASONS}
    gone = before["annotations"] - after["annotations"]
    annotations["with_image"] = gone - sum(annotations.values())
    return {
        "images": {"before": before["images"], "removed": images, "after": after["images"]},
        "annotations": {
            "before": before["annotations"],
            "removed": annotations,
            "after": after["annotations"],
        },
    }
