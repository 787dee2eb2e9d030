"""What is kept of each method, image by image: all that a comparison of methods reads.

These files stand in Git, so that a comparison needs nothing that has to be fetched. They hold counts instead
of scores: every score of any selection of images follows from them, but for average precision, whose draws
are made with the evaluation.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monolayer.annotations.coco import cell_type_of, group_of
from monolayer.errors import InputError
from monolayer.evaluation.cells import ImageCells
from monolayer.evaluation.foreground import ImageScore, stack_counts
from monolayer.evaluation.settings import CompareSettings
from monolayer.metrics.bootstrap import draw_images, sampling_of
from monolayer.metrics.cells import CellCounts, accuracy_curves, stack_images
from monolayer.metrics.partial_truth import refusal
from monolayer.metrics.ranked_detections import (
    IOU,
    RECALLS,
    RankedDetections,
    drawn_average_precision,
    precision_recall_curve,
    rank_detections,
)

DIGITS = 8
"""Of drawn scores in a file."""
WHOLE = 120
"""Weights of images times this are counted as whole numbers: those of a stratum of up to six groups are."""
CURVES = {
    "iou": ("iou", "precision", "recall", "accuracy"),
    "precision_recall": ("recall", *(f"IoU_{IOU[place]:.2f}" for place in (0, 5, 8))),
}
"""Columns of a model's curves, see `curves_over_iou` and `curves_over_score`."""


class DrawnScore(NamedTuple):
    """A score that does not follow from counts, with its bootstrap draws."""

    value: float
    """Of all images."""
    draws: np.ndarray
    """float64 [R]."""
    by_cell_type: dict[str, float]


class ImageTable(NamedTuple):
    """A method's counts on N images, in ascending order of their ids."""

    kind: str
    """``model`` or ``threshold``."""
    refused: str
    """Why it lacks the scores that need complete truth, or ""."""
    image_ids: np.ndarray
    """int64 [N]."""
    cell_types: np.ndarray
    """Text [N]."""
    groups: np.ndarray
    """What each image was recorded with, text [N]."""
    foreground: np.ndarray | None
    """Pixel counts int64 [N, 4], see `ImageScore.counts`; None where partial truth refuses them."""
    cells: CellCounts | None
    """None of a threshold, which finds none."""
    drawn: dict[str, DrawnScore]
    """Average precision, see `DRAWN`."""
    curves: dict[str, dict[str, np.ndarray]]
    """See `CURVES`; those that need complete truth may be missing."""


def table_of_threshold(scores: Sequence[ImageScore]) -> ImageTable:
    """Make a table of the scores of one threshold's foreground."""
    ordered = sorted(scores, key=lambda score: score.image_id)
    return ImageTable(
        kind="threshold",
        refused="",
        image_ids=np.array([score.image_id for score in ordered]),
        cell_types=np.array([score.cell_type for score in ordered]),
        groups=np.array([score.group or score.file_name for score in ordered]),
        foreground=stack_counts(ordered),
        cells=None,
        drawn={},
        curves={},
    )


def table_of_model(
    scores: Sequence[ImageScore], cells: Sequence[ImageCells], max_dets: int, settings: CompareSettings
) -> ImageTable:
    """Make a table of a model's foreground and cells on the same images.

    Parameters
    ----------
    scores
        Of the foreground; none where partial truth refuses them.
    cells
        Of the cells of each image.
    max_dets
        So many cells of an image, of the highest scores, count in average precision.
    settings
        How often, and by which seed, images are drawn for average precision.
    """
    ordered = sorted(cells, key=lambda own: own.image.id)
    by_id = {score.image_id: score for score in scores}
    refused = refusal(own.image.truth for own in ordered)
    counts = stack_images(own.counts for own in ordered)
    types = np.array([cell_type_of(own.image) for own in ordered])
    groups = np.array([group_of(own.image) for own in ordered])
    table = ImageTable(
        kind="model",
        refused=refused,
        image_ids=np.array([own.image.id for own in ordered], dtype=np.int64),
        cell_types=types,
        groups=groups,
        foreground=None,
        cells=counts,
        drawn={},
        curves={"iou": curves_over_iou(counts, refused)},
    )
    if refused:
        return table
    detections = rank_detections([(own.ranked.overlap, own.ranked.scores) for own in ordered], max_dets)
    return table._replace(
        foreground=stack_counts(by_id[own.image.id] for own in ordered),
        drawn=draw_precision(detections, types, groups, settings),
        curves={**table.curves, "precision_recall": curves_over_score(detections)},
    )


def draw_precision(
    detections: RankedDetections, cell_types: np.ndarray, groups: np.ndarray, settings: CompareSettings
) -> dict[str, DrawnScore]:
    """Return ``ap``, ``ap50`` and ``ap75`` of all images, of drawn ones, and of each cell type's."""
    images = len(cell_types)
    types = np.unique(cell_types)
    of_type = np.stack([cell_types == name for name in types])
    draws = draw_images(sampling_of(groups, cell_types), settings.ap_resamples, settings.seed)
    weights = np.rint(WHOLE * np.concatenate([np.ones((1, images)), of_type, draws])).astype(np.int64)
    scores = drawn_average_precision(detections, weights)
    first = 1 + len(types)
    return {
        name: DrawnScore(
            float(own[0]), own[first:], dict(zip(types.tolist(), own[1:first].tolist(), strict=True))
        )
        for name, own in scores.items()
    }


def curves_over_iou(counts: CellCounts, refused: str = "") -> dict[str, np.ndarray]:
    """Return ``iou``, and ``precision``, ``recall`` and ``accuracy`` at it; of partial truth, ``recall``."""
    curves = accuracy_curves(counts)
    return {name: curves[name] for name in ("iou", "recall")} if refused else curves


def curves_over_score(detections: RankedDetections) -> dict[str, np.ndarray]:
    """Return ``recall``, and the precision at it at three IoU."""
    precisions = [precision_recall_curve(detections, place) for place in (0, 5, 8)]
    return dict(zip(CURVES["precision_recall"], [RECALLS, *precisions], strict=True))


def curves_of_models(
    tables: Mapping[str, ImageTable], models: Sequence[str], name: str
) -> dict[str, list[Any]]:
    """Return the columns of the curves `name` of `CURVES`, model after model; None where refused."""
    columns: dict[str, list[Any]] = {"model": [], **{column: [] for column in CURVES[name]}}
    for model in models:
        own = {column: values.tolist() for column, values in tables[model].curves.get(name, {}).items()}
        points = max(map(len, own.values()), default=0)
        columns["model"] += [model] * points
        for column in CURVES[name]:
            columns[column] += own.get(column, [None] * points)
    return columns


def number_of_cells(table: ImageTable) -> dict[str, np.ndarray]:
    """Return ``cell_type``, ``true`` and ``predicted`` number of cells of each image of a model's table."""
    assert table.cells is not None  # a model finds cells
    return {
        "cell_type": table.cell_types,
        "true": table.cells.true.sum(axis=1),
        "predicted": table.cells.predicted.sum(axis=1),
    }


def write_image_tables(path: Path, tables: Mapping[str, ImageTable]) -> None:
    """Write the tables of some methods, by their names, as one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: _as_json(table) for name, table in tables.items()}
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def _as_json(table: ImageTable) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "refused": table.refused,
        "image_ids": table.image_ids.tolist(),
        "cell_types": table.cell_types.tolist(),
        "groups": table.groups.tolist(),
        "foreground": None if table.foreground is None else table.foreground.tolist(),
        "cells": None if table.cells is None else {k: v.tolist() for k, v in table.cells._asdict().items()},
        "drawn": {
            name: {
                "value": own.value,
                "draws": np.round(own.draws, DIGITS).tolist(),
                "by_cell_type": own.by_cell_type,
            }
            for name, own in table.drawn.items()
        },
        "curves": {
            name: {column: np.round(values, 6).tolist() for column, values in curve.items()}
            for name, curve in table.curves.items()
        },
    }


def read_image_tables(path: Path) -> dict[str, ImageTable]:
    """Read what `write_image_tables` wrote.

    Raises
    ------
    InputError
        The file is missing, or is of another version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: _from_json(own) for name, own in content.items()}
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage that writes it") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} holds no scores by image ({error!r}): run the stage that writes it"
        ) from None


def _from_json(own: dict[str, Any]) -> ImageTable:
    cells = own["cells"]
    return ImageTable(
        kind=own["kind"],
        refused=own["refused"],
        image_ids=np.array(own["image_ids"], dtype=np.int64),
        cell_types=np.array(own["cell_types"], dtype=str),
        groups=np.array(own["groups"], dtype=str),
        foreground=None if own["foreground"] is None else np.array(own["foreground"], dtype=np.int64),
        cells=None if cells is None else CellCounts(*(np.array(cells[name]) for name in CellCounts._fields)),
        drawn={
            name: DrawnScore(score["value"], np.array(score["draws"]), score["by_cell_type"])
            for name, score in own["drawn"].items()
        },
        curves={
            name: {column: np.array(values) for column, values in curve.items()}
            for name, curve in own["curves"].items()
        },
    )
