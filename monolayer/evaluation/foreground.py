"""Scores of the foreground of single images, and of sets of them."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from monolayer.annotations.coco import Image, cell_type_of, group_of
from monolayer.metrics.foreground import confluences, foreground_scores
from monolayer.metrics.overlap import dice, iou, precision, recall


class ImageScore(msgspec.Struct, frozen=True):
    """How a method's foreground of one image agrees with the truth."""

    method: str
    """A model's name or a threshold's."""
    split: str
    cleaning: str
    """Which annotations are the truth: ``raw`` or ``clean``."""
    image_id: int
    file_name: str
    cell_type: str
    true_positive: int
    """Pixels, as the three that follow; all scores come from these four."""
    false_positive: int
    false_negative: int
    true_negative: int
    group: str = ""
    """What the image was recorded with, see `group_of`."""

    @property
    def counts(self) -> np.ndarray:
        """int64 [4], as `monolayer.metrics.overlap.confusion` returns it."""
        fields = (self.true_positive, self.false_positive, self.false_negative, self.true_negative)
        return np.array(fields, dtype=np.int64)

    @property
    def dice(self) -> float:
        """Dice of this image."""
        return float(dice(self.counts))


def score_image(method: str, split: str, cleaning: str, image: Image, counts: np.ndarray) -> ImageScore:
    """Return the score of an image, from counts int64 [4] as `overlap.confusion` has them."""
    true_positive, false_positive, false_negative, true_negative = counts.tolist()
    return ImageScore(
        method,
        split,
        cleaning,
        image.id,
        image.file_name,
        cell_type_of(image),
        true_positive,
        false_positive,
        false_negative,
        true_negative,
        group_of(image),
    )


def stack_counts(scores: Iterable[ImageScore]) -> np.ndarray:
    """Return the counts of all images, int64 [N, 4]."""
    return np.stack([score.counts for score in scores])


def summarise(scores: list[ImageScore]) -> dict[str, Any]:
    """Return the scores of a set of images, overall and by cell type; the names as `foreground_scores`."""
    cell_types = sorted({score.cell_type for score in scores})
    return {
        "overall": foreground_scores(stack_counts(scores)),
        "by_cell_type": {
            cell_type: foreground_scores(stack_counts(s for s in scores if s.cell_type == cell_type))
            for cell_type in cell_types
        },
    }


def write_scores(path: Path, scores: Iterable[ImageScore]) -> None:
    """Write one row for each image and method: its fields, and the scores that follow from them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*ImageScore.__struct_fields__, *_derived(np.ones(4))])
        for score in scores:
            derived = [format(float(value), ".6f") for value in _derived(score.counts).values()]
            writer.writerow([*msgspec.structs.astuple(score), *derived])


def _derived(counts: np.ndarray) -> dict[str, np.ndarray]:
    true, predicted = confluences(counts)
    return {
        "dice": dice(counts),
        "iou": iou(counts),
        "precision": precision(counts),
        "recall": recall(counts),
        "true_confluence": true,
        "predicted_confluence": predicted,
    }
