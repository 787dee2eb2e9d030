"""The scores of a model's cells as files: curves for plots, and what comparisons of models draw from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monolayer.annotations.coco import cell_type_of
from monolayer.errors import InputError
from monolayer.evaluation.cells import ImageCells
from monolayer.metrics.cells import CellCounts, accuracy_curves, stack_images
from monolayer.metrics.partial_truth import refusal
from monolayer.metrics.ranked_detections import (
    IOU,
    RECALLS,
    RankedDetections,
    precision_recall_curve,
    rank_detections,
)


class CellScores(NamedTuple):
    """What all scores of the cells of N images come from."""

    image_id: np.ndarray
    """int64 [N]."""
    cell_type: np.ndarray
    """Text [N]."""
    truth: np.ndarray
    """``complete`` or ``partial``, text [N]."""
    counts: CellCounts
    detections: RankedDetections

    @property
    def refused(self) -> str:
        """Why the scores that need complete truth are refused, or ""."""
        return refusal(self.truth.tolist())


def gather_scores(cells: Sequence[ImageCells], max_dets: int) -> CellScores:
    """Put the cells of images together, of each image the `max_dets` of the highest scores in AP."""
    return CellScores(
        image_id=np.array([image.image.id for image in cells], dtype=np.int64),
        cell_type=np.array([cell_type_of(image.image) for image in cells]),
        truth=np.array([image.image.truth for image in cells]),
        counts=stack_images(image.counts for image in cells),
        detections=rank_detections([(i.ranked.overlap, i.ranked.scores) for i in cells], max_dets),
    )


_OF_IMAGES = ("image_id", "cell_type", "truth")


def write_cell_scores(path: Path, scores: CellScores) -> None:
    """Write them as one compressed file of arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: getattr(scores, name) for name in _OF_IMAGES}
    for part in (scores.counts, scores.detections):
        arrays |= {f"{type(part).__name__}.{name}": value for name, value in part._asdict().items()}
    np.savez_compressed(path, **arrays)


def read_cell_scores(path: Path) -> CellScores:
    """Read what `write_cell_scores` wrote.

    Raises
    ------
    InputError
        The file is missing, or is of another version.
    """
    try:
        with np.load(path) as arrays:
            counts = CellCounts(*_fields(arrays, CellCounts))
            detections = RankedDetections(*_fields(arrays, RankedDetections))
            image_id, cell_type, truth = (arrays[name] for name in _OF_IMAGES)
            return CellScores(image_id, cell_type, truth, counts, detections)
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage that writes it") from None
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} holds no scores ({error}): run the stage that writes it") from None


def _fields(arrays: Mapping[str, np.ndarray], kind: type[CellCounts | RankedDetections]) -> list[np.ndarray]:
    return [arrays[f"{kind.__name__}.{name}"] for name in kind._fields]


def curves_over_iou(scores: CellScores) -> dict[str, np.ndarray]:
    """Return ``iou``, and ``precision``, ``recall`` and ``accuracy`` at it; of partial truth, ``recall``."""
    curves = accuracy_curves(scores.counts)
    return {name: curves[name] for name in ("iou", "recall")} if scores.refused else curves


def curves_over_score(scores: CellScores) -> dict[str, np.ndarray]:
    """Return ``recall``, and the precision at it at three IoU."""
    curves = {"recall": RECALLS}
    for place in (0, 5, 8):
        curves[f"IoU_{IOU[place]:.2f}"] = precision_recall_curve(scores.detections, place)
    return curves


def write_curves(path: Path, curves: dict[str, np.ndarray]) -> None:
    """Write curves as a table for DVC's plots, numbers to six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.stack(list(curves.values()), axis=1)
    np.savetxt(path, rows, "%.6g", delimiter="\t", header="\t".join(curves), comments="")


def number_of_cells(scores: CellScores) -> dict[str, np.ndarray]:
    """Return ``cell_type``, ``true`` and ``predicted`` number of cells of each image."""
    return {
        "cell_type": scores.cell_type,
        "true": scores.counts.true.sum(axis=1),
        "predicted": scores.counts.predicted.sum(axis=1),
    }
