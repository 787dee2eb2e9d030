"""Collect what evaluate and baseline have scored, for exactly the models that params.yaml has now."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.errors import InputError
from monolayer.evaluation.cell_files import CellScores, read_cell_scores
from monolayer.evaluation.foreground import ImageScore, read_scores, stack_counts
from monolayer.metrics.cells import cell_ratios
from monolayer.metrics.foreground import foreground_ratios
from monolayer.metrics.partial_truth import of_annotated_cells
from monolayer.metrics.ranked_detections import DRAWN, RankedDetections, drawn_average_precision

Drawn = Callable[[np.ndarray], np.ndarray]
"""A score of R draws of N images: takes how often each image is drawn, [R, N], returns float64 [R]."""


class Method(NamedTuple):
    """A model or threshold, and its scores on N cleaned test images in the order of their ids."""

    name: str
    kind: str
    """``model`` or ``threshold``."""
    image_ids: np.ndarray
    """int64 [N], ascending."""
    cell_types: np.ndarray
    """Text [N]."""
    scores: dict[str, Drawn]
    refused: str = ""
    """Why it lacks the scores that need complete truth, or ""."""


def collect_methods(
    evaluations: Path, foreground: Path, cells: Path, baseline: Path, models: list[str]
) -> list[Method]:
    """Read what every model and threshold has achieved on the cleaned test images.

    Parameters
    ----------
    evaluations
        Folder of the models' metrics, ``<model>.json``.
    foreground
        Folder of the scores of the models' foreground by image, ``<model>/images.csv``.
    cells
        Folder of the scores of the models' cells, ``<model>.npz``.
    baseline
        Folder of the thresholds' scores by image, ``images.csv``.
    models
        The models in params.yaml.

    Returns
    -------
    list of Method
        Models in their order first. No thresholds where truth is partial: it refuses all that they have.

    Raises
    ------
    InputError
        A model of params.yaml was not evaluated, or one was evaluated that is not there any more.
    """
    _check_models({path.stem: path for path in sorted(evaluations.glob("*.json"))}, models)
    methods = []
    for model in models:
        of_cells = read_cell_scores(cells / f"{model}.npz")
        if of_cells.refused:
            methods.append(of_partial_truth(model, of_cells))
            continue
        (scores,) = _by_method(read_scores(foreground / model / "images.csv")).values()
        methods.append(with_cells(method_of("model", scores), of_cells))
    if any(method.refused for method in methods):
        return methods
    thresholds = _by_method(read_scores(baseline / "images.csv"))
    return methods + [method_of("threshold", scores) for scores in thresholds.values()]


def _check_models(evaluated: dict[str, Path], models: list[str]) -> None:
    for name, path in evaluated.items():
        if name not in models:
            raise InputError(f"{path}: params.yaml has no model {name!r} any more: delete that file")
    for model in models:
        if model not in evaluated:
            raise InputError(f"model {model!r} has no evaluation: run `dvc repro evaluate@{model}`")


def _by_method(scores: list[ImageScore]) -> dict[str, list[ImageScore]]:
    of_method: dict[str, list[ImageScore]] = {}
    for score in scores:
        if (score.split, score.cleaning) == ("test", "clean"):
            of_method.setdefault(score.method, []).append(score)
    return of_method


def method_of(kind: str, scores: list[ImageScore]) -> Method:
    """Make a method of the scores of its foreground."""
    ordered = sorted(scores, key=lambda score: score.image_id)
    return Method(
        ordered[0].method,
        kind,
        np.array([score.image_id for score in ordered]),
        np.array([score.cell_type for score in ordered]),
        {name: ratio.value for name, ratio in foreground_ratios(stack_counts(ordered)).items()},
    )


def with_cells(method: Method, cells: CellScores) -> Method:
    """Add the scores of its cells to a method.

    Raises
    ------
    InputError
        They are of other images.
    """
    order = np.argsort(cells.image_id)
    if not np.array_equal(cells.image_id[order], method.image_ids):
        raise InputError(
            f"foreground and cells of {method.name} were scored on different images: "
            f"run `dvc repro -f evaluate@{method.name}`"
        )
    ratios = cell_ratios(cells.counts.select(order))
    detections = cells.detections._replace(
        image=np.argsort(order)[cells.detections.image], true=cells.detections.true[order]
    )
    precision = {name: partial(_average_precision, detections, name) for name in DRAWN}
    scores = {name: ratio.value for name, ratio in ratios.items()}
    return method._replace(scores=method.scores | precision | scores)


def of_partial_truth(model: str, cells: CellScores) -> Method:
    """Make a model of the scores that are left where only some cells are annotated."""
    order = np.argsort(cells.image_id)
    bare = Method(model, "model", cells.image_id[order], cells.cell_type[order], {})
    return bare._replace(scores=of_annotated_cells(with_cells(bare, cells).scores), refused=cells.refused)


def _average_precision(detections: RankedDetections, name: str, weights: np.ndarray) -> np.ndarray:
    return drawn_average_precision(detections, weights)[name]
