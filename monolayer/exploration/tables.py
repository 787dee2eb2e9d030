"""Annotations and images as tables for other programs."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from monolayer.annotations.coco import cell_type_of
from monolayer.exploration.measurements import Measurements
from monolayer.exploration.summary import ImageFacts

ANNOTATION_COLUMNS = (
    "split", "image_id", "file_name", "cell_type", "annotation_id", "area", "left", "top", "width", "height",
)  # fmt: skip
IMAGE_COLUMNS = ("split", "image_id", "file_name", "cell_type", "cells", "confluence")


def write_annotations(path: Path, splits: Mapping[str, Measurements]) -> None:
    """Write one row for each annotated cell, image by image; areas and boxes in pixels, as annotated."""
    _write(path, ANNOTATION_COLUMNS, _annotation_rows(splits))


def _annotation_rows(splits: Mapping[str, Measurements]) -> Iterator[tuple[Any, ...]]:
    for split, measured in splits.items():
        for number, image in enumerate(measured.images):
            start, own = (split, image.id, image.file_name, cell_type_of(image)), measured.of(number)
            columns = (
                column[own].tolist() for column in (measured.annotation_id, measured.area, measured.box)
            )
            for annotation_id, area, box in zip(*columns, strict=True):
                yield (*start, annotation_id, area, *box)


def write_images(path: Path, facts: Iterable[ImageFacts]) -> None:
    """Write one row for each image, with its number of annotated cells and its confluence if it is known."""
    _write(
        path,
        IMAGE_COLUMNS,
        (
            (f.split, f.image.id, f.image.file_name, f.cell_type, len(f.areas), _known(f.confluence))
            for f in facts
        ),
    )


def _known(fraction: float) -> str:
    return "" if math.isnan(fraction) else format(fraction, ".6f")


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
