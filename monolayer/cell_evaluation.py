"""A model's cells of every image against the truth."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pydantic import Field, field_validator

from monolayer.coco import Coco, Image, annotations_by_image, cell_type_of
from monolayer.errors import InputError
from monolayer.metrics.average_precision import RankedCells, RankedImages
from monolayer.metrics.boundary import boundary_counts, cell_outlines
from monolayer.metrics.cells import CellCounts, cell_ratios, count_cells, ratios_of_size, stack_images
from monolayer.metrics.detected_cells import SIZES, size_class
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.metrics.ranked_detections import DRAWN, drawn_average_precision, rank_detections
from monolayer.parameters import Number, Settings
from monolayer.rasterise import CellRuns, cell_runs, painted


class CellSettings(Settings):
    """What counts as a predicted cell, and how near an outline has to be."""

    score_floor: Number = Field(default=0.0, ge=0, le=1)
    """Predicted cells of a lower score do not count, but in AP and AR, which rank all of them."""
    max_dets: list[int] = Field(default=[100, 500, 2000], min_length=1)
    """Highest-scored cells of an image that AR takes; AP takes the last number. LIVECell's."""
    boundary_tolerance: int = Field(default=2, ge=0)
    """Pixels by which an outline may be off in boundary F."""

    @field_validator("max_dets")
    @classmethod
    def _ascends(cls, max_dets: list[int]) -> list[int]:
        if min(max_dets) < 1 or max_dets != sorted(set(max_dets)):
            raise ValueError("must be numbers from 1 on, each larger than the one before")
        return max_dets


class AnnotatedImage(NamedTuple):
    """One image and its annotations, light enough to travel to another process."""

    image: Image
    segmentations: list[bytes]
    """Of each true cell, as JSON."""
    areas: list[float]
    """Of each true cell, as annotated, in pixels."""


class TrueCells(NamedTuple):
    """One image's true cells."""

    image: Image
    runs: CellRuns
    areas: np.ndarray
    """As annotated, in pixels, float64 [T]."""


class ImageCells(NamedTuple):
    """What all scores of one image's cells are made of."""

    image: Image
    counts: CellCounts
    """Of the cells with a score from the floor on."""
    ranked: RankedCells
    """All of them."""


def annotated_images(coco: Coco, images: Sequence[Image]) -> list[AnnotatedImage]:
    """Gather the annotations of some of a split's images."""
    groups = annotations_by_image(coco)
    return [
        AnnotatedImage(
            image,
            [bytes(annotation.segmentation) for annotation in groups[image.id]],
            [annotation.area for annotation in groups[image.id]],
        )
        for image in images
    ]


def true_cells(annotated: AnnotatedImage) -> TrueCells:
    """Draw an image's true cells."""
    image, segmentations, areas = annotated
    runs = cell_runs([msgspec.Raw(text) for text in segmentations], image.height, image.width)
    return TrueCells(image, runs, np.array(areas, dtype=np.float64))


def compare_cells(
    truth: TrueCells, prediction: CellRuns, scores: np.ndarray, settings: CellSettings
) -> ImageCells:
    """Compare the true and the predicted cells of one image.

    Parameters
    ----------
    truth
        True cells.
    prediction
        Pixels of the predicted cells.
    scores
        Of the predicted cells, float [P] in [0, 1].
    settings
        What counts.
    """
    image, runs, areas = truth
    kept, count = certain_cells(prediction, scores, settings)
    overlap = instance_overlap(runs, len(areas), prediction, len(scores))
    counted = overlap if count == len(scores) else instance_overlap(runs, len(areas), kept, count)
    outlines, found = (cell_outlines(painted(own, image.height, image.width)) for own in (runs, kept))
    counts = count_cells(
        counted,
        size_class(areas),
        size_class(counted.predicted_areas),
        boundary_counts(outlines, found, settings.boundary_tolerance),
    )
    return ImageCells(image, counts, RankedCells(overlap, areas, scores))


def certain_cells(runs: CellRuns, scores: np.ndarray, settings: CellSettings) -> tuple[CellRuns, int]:
    """Return the cells with a score from the floor on, numbered from 0, and how many they are."""
    certain = scores >= settings.score_floor
    return runs.cells(certain), int(certain.sum())


def summarise_cells(cells: Sequence[ImageCells], settings: CellSettings) -> dict[str, Any]:
    """Return the scores of a set of images, overall, by cell type and by cell size."""
    counts = stack_images(image.counts for image in cells)
    ranked = RankedImages([image.ranked for image in cells], settings.max_dets)
    types = np.array([cell_type_of(image.image) for image in cells])
    everything = np.arange(len(cells))
    overall = _scores(counts, ranked, everything)
    return {
        "overall": overall,
        "by_cell_type": {
            str(name): _scores(counts, ranked, np.flatnonzero(types == name)) for name in np.unique(types)
        },
        "by_cell_size": {
            size: {
                **{name: float(ratio.value()) for name, ratio in ratios_of_size(counts, place).items()},
                "ap": overall[f"ap_{size}"],
                "ar": overall[f"ar_{size}"],
                "cells": int(counts.true[:, place].sum()),
                "cells_predicted": int(counts.predicted[:, place].sum()),
            }
            for place, size in enumerate(SIZES)
        },
    }


def score_cells(cells: Sequence[ImageCells], name: str) -> float:
    """Return one score of a set of images by its name.

    Raises
    ------
    InputError
        There is no such score.
    """
    ratios = cell_ratios(stack_images(image.counts for image in cells))
    if name in ratios:
        return float(ratios[name].value())
    if name in DRAWN:
        detections = rank_detections([(image.ranked.overlap, image.ranked.scores) for image in cells])
        return float(drawn_average_precision(detections, np.ones((1, len(cells))))[name][0])
    raise InputError(f"{name!r} is no score of cells; valid: {', '.join([*DRAWN, *ratios])}")


def _scores(counts: CellCounts, ranked: RankedImages, chosen: np.ndarray) -> dict[str, float | int | None]:
    own = counts.select(chosen)
    return {
        **ranked.scores(chosen),
        **{name: float(ratio.value()) for name, ratio in cell_ratios(own).items()},
        "cells": int(own.true.sum()),
        "cells_predicted": int(own.predicted.sum()),
    }
