"""A model's cells of every image against the truth."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from monolayer.annotations.coco import Coco, Image, annotations_by_image, cell_type_of
from monolayer.annotations.rasterise import CellRuns, cell_runs
from monolayer.errors import InputError
from monolayer.evaluation.settings import CellSettings
from monolayer.metrics.average_precision import RankedCells, RankedImages
from monolayer.metrics.boundary import boundary_counts, outlines_of_runs
from monolayer.metrics.cells import CellCounts, cell_ratios, count_cells, ratios_of_size, stack_images
from monolayer.metrics.detected_cells import SIZES, size_class
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.metrics.matching import match
from monolayer.metrics.ranked_detections import DRAWN, drawn_average_precision, rank_detections


class AnnotatedImage(NamedTuple):
    """One image and its annotations, light enough to travel to another process."""

    image: Image
    segmentations: list[msgspec.Raw]
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
            [annotation.segmentation for annotation in groups[image.id]],
            [annotation.area for annotation in groups[image.id]],
        )
        for image in images
    ]


def true_cells(annotated: AnnotatedImage) -> TrueCells:
    """Draw an image's true cells."""
    image, segmentations, areas = annotated
    runs = cell_runs(segmentations, image.height, image.width)
    return TrueCells(image, runs, np.array(areas, dtype=np.float64))


def compare_cells(
    truth: TrueCells,
    prediction: CellRuns,
    scores: np.ndarray,
    settings: CellSettings,
    score_floor: float = 0.0,
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
    score_floor
        Predicted cells of a lower score do not count, but in AP and AR, which rank all of them.
    """
    image, runs, areas = truth
    kept, count = certain_cells(prediction, scores, score_floor)
    overlap = instance_overlap(runs, len(areas), prediction, len(scores))
    counted = overlap if count == len(scores) else instance_overlap(runs, len(areas), kept, count)
    outlines, found = (outlines_of_runs(own, image.height, image.width) for own in (runs, kept))
    counts = count_cells(
        counted,
        size_class(areas),
        size_class(counted.predicted_areas),
        boundary_counts(outlines, found, settings.boundary_tolerance),
    )
    return ImageCells(image, counts, RankedCells(overlap, areas, scores))


def certain_cells(runs: CellRuns, scores: np.ndarray, score_floor: float) -> tuple[CellRuns, int]:
    """Return the cells with a score from the floor on, numbered from 0, and how many they are."""
    certain = scores >= score_floor
    return runs.cells(certain), int(certain.sum())


SCORE_FLOORS = (*(percent / 100 for percent in (*range(0, 90, 5), *range(90, 100))), 0.995)
"""Those that `best_score_floor` chooses from: denser where the mean probabilities of sure cells lie."""


def counts_at_floors(truth: TrueCells, prediction: CellRuns, scores: np.ndarray) -> np.ndarray:
    """Count one image's cells at each floor of `SCORE_FLOORS`, int64 [29, 2].

    The columns are the cells that match at an IoU of 0.5, and all cells, true and predicted.
    """
    overlap = instance_overlap(truth.runs, len(truth.areas), prediction, len(scores))
    counts = []
    for floor in SCORE_FLOORS:
        certain = scores >= floor
        pairs = certain[overlap.predicted]
        kept = overlap._replace(
            true=overlap.true[pairs], predicted=overlap.predicted[pairs], pixels=overlap.pixels[pairs]
        )
        counts.append((len(match(kept, 0.5)), len(truth.areas) + int(certain.sum())))
    return np.array(counts)


def best_score_floor(counts: Sequence[np.ndarray]) -> float:
    """Return the floor of the highest F1 at an IoU of 0.5 over all images; of equal ones, the lowest.

    Decoders are tuned for AP, which gains from every further detection, however doubtful. What is counted
    has to leave them out. Choose on val images, never on test.

    Parameters
    ----------
    counts
        Of each image, as `counts_at_floors` returns them.

    Examples
    --------
    Of 4 true cells 3 are found; the 6 false ones have scores below 0.2, and the cells found 0.3, 0.5, 0.5.

    >>> floors = np.array(SCORE_FLOORS)
    >>> found = np.where(floors <= 0.3, 3, np.where(floors <= 0.5, 2, 0))
    >>> best_score_floor([np.stack([found, 4 + found + np.where(floors < 0.2, 6, 0)], axis=1)])
    0.2
    """
    matched, cells = np.sum(counts, axis=0).T
    return SCORE_FLOORS[int(np.argmax(matched / np.maximum(cells, 1)))]


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
