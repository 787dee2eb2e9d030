"""A model's foreground and cells of every image against the truth, on raw and on cleaned annotations."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monolayer.annotations.coco import cell_type_of, read_coco
from monolayer.annotations.coco_pieces import read_images
from monolayer.annotations.rasterise import CellRuns, union
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import ImageCells, compare_cells, summarise_cells, true_cells
from monolayer.evaluation.foreground import ImageScore, score_image, summarise
from monolayer.evaluation.operating_point import choose_score_floor, choose_threshold
from monolayer.evaluation.settings import CellSettings, EvaluateSettings
from monolayer.evaluation.tasks import TruthTask, predicted_cells, truth_tasks
from monolayer.images.files import read_pixel_map
from monolayer.metrics.detected_cells import SIZES
from monolayer.metrics.overlap import confusion
from monolayer.metrics.partial_truth import of_annotated_cells, refusal
from monolayer.predictions.files import read_results


class Evaluation(NamedTuple):
    """A split's images against one truth."""

    split: str
    cleaning: str
    """``raw`` or ``clean``: which annotations are the truth."""
    threshold: float
    """Probability from which a pixel was predicted foreground."""
    score_floor: float
    """Score from which a predicted cell counted."""
    settings: CellSettings
    """How the cells were scored."""
    scores: list[ImageScore]
    """Of the foreground of the images that have a prediction; none where partial truth refuses them."""
    cells: list[ImageCells]
    """Of the images that have a prediction."""
    unpredicted: list[str]
    """File names of the images that have none."""
    chosen: str = ""
    """What was chosen on these images, whose scores flatter it."""

    @property
    def refused(self) -> str:
        """Why the scores that need complete truth are refused, or ""."""
        return refusal(cells.image.truth for cells in self.cells)


def evaluate_split(
    tasks: list[TruthTask],
    model: str,
    split: str,
    cleaning: str,
    threshold: float,
    score_floor: float,
    settings: CellSettings,
    compute: ComputeSettings,
) -> Evaluation:
    """Score a model on the images of a split.

    Parameters
    ----------
    tasks
        As `truth_tasks` returns them.
    model, split, cleaning
        What the scores are of.
    threshold
        Probability, in (0, 1], from which a pixel is predicted foreground.
    score_floor
        Score, in [0, 1], from which a predicted cell counts.
    settings
        How cells are scored.
    compute
        Where the work runs.

    Raises
    ------
    InputError
        No image is annotated or has a prediction, a prediction has another size than its image, or a cleaned
        image has none: only images whose file cannot be read, which cleaning removes, may lack one.
    """
    if not tasks:
        raise InputError(f"no image of {split} is annotated: put annotated images into it")
    predicted = [task for task in tasks if task.prediction.exists()]
    unpredicted = [task.image.file_name for task in tasks if not task.prediction.exists()]
    if not predicted:
        raise InputError(f"no image of {split} has a prediction: run `dvc repro -f predict@{model}`")
    if cleaning == "clean" and unpredicted:
        raise InputError(f"{unpredicted[0]} of {split} has no prediction: run `dvc repro -f predict@{model}`")
    evaluate_image = partial(_evaluate_image, threshold=threshold, score_floor=score_floor, settings=settings)
    evaluated = map_parallel(evaluate_image, predicted, compute)
    scores = [
        score_image(model, split, cleaning, image, four)
        for image, (four, _) in zip([task.image for task in predicted], evaluated, strict=True)
    ]
    cells = [own for _, own in evaluated]
    evaluation = Evaluation(split, cleaning, threshold, score_floor, settings, scores, cells, unpredicted)
    return evaluation._replace(scores=[]) if evaluation.refused else evaluation


def _evaluate_image(
    task: TruthTask, threshold: float, score_floor: float, settings: CellSettings
) -> tuple[np.ndarray, ImageCells]:
    truth = true_cells(task.truth)
    counts = _foreground_counts(task, truth.runs, threshold)
    return counts, compare_cells(truth, *predicted_cells(task), settings, score_floor)


def _foreground_counts(task: TruthTask, truth: CellRuns, threshold: float) -> np.ndarray:
    levels = read_pixel_map(task.prediction, task.image)
    return confusion(union(truth, task.image.height, task.image.width), levels >= threshold * 255)


def evaluate_splits(
    predictions: Path,
    truths: dict[str, Path],
    settings: EvaluateSettings,
    compute: ComputeSettings,
) -> tuple[list[Evaluation], list[TruthTask]]:
    """Score a model on val and test, against raw and clean annotations.

    Parameters
    ----------
    predictions
        Folder of the model's name, as the predict stage writes it.
    truths
        Folders of ``{val,test}.json`` by ``raw`` and ``clean``, in this order. Threshold and floor are chosen
        on the clean images of val. One file is read at a time: several may be more than the memory holds.
    settings, compute
        How cells are scored, and where the work runs.

    Returns
    -------
    evaluations
        Of val and then of test, each in the order of the truths.
    tasks
        Of the last evaluation: images and predictions.

    Raises
    ------
    InputError
        As `read_coco`, `read_results`, `choose_threshold`, `choose_score_floor` and `evaluate_split`.
    """
    val = _evaluate_truths("val", predictions, truths, settings, compute)[0]
    chosen = settings.model_copy(update={"threshold": val[0].threshold, "score_floor": val[0].score_floor})
    test, tasks = _evaluate_truths("test", predictions, truths, chosen, compute)
    free = [name for name in ("threshold", "score_floor") if getattr(settings, name) is None]
    on_val = ", ".join(["epoch", "decoder", *free])
    return [own._replace(chosen=on_val) for own in val] + test, tasks


def _evaluate_truths(
    split: str,
    predictions: Path,
    truths: dict[str, Path],
    settings: EvaluateSettings,
    compute: ComputeSettings,
) -> tuple[list[Evaluation], list[TruthTask]]:
    listed = read_images(truths["raw"] / f"{split}.json")
    results = read_results(predictions / f"{split}.json", listed)

    def tasks_of(cleaning: str) -> list[TruthTask]:
        truth = read_coco(truths[cleaning] / f"{split}.json")
        return truth_tasks(truth, predictions / "foreground" / split, results)

    threshold, score_floor = _operating_point(partial(tasks_of, "clean"), settings, compute)
    evaluations: list[Evaluation] = []
    for cleaning in truths:
        tasks: list[TruthTask] = []  # those before are let go
        tasks = tasks_of(cleaning)
        evaluations.append(
            evaluate_split(
                tasks, predictions.name, split, cleaning, threshold, score_floor, settings, compute
            )
        )
    return evaluations, tasks


def _operating_point(
    read_tasks: Callable[[], list[TruthTask]], settings: EvaluateSettings, compute: ComputeSettings
) -> tuple[float, float]:
    threshold, score_floor = settings.threshold, settings.score_floor
    if threshold is None or score_floor is None:
        tasks = read_tasks()
        threshold = choose_threshold(tasks, compute) if threshold is None else threshold
        score_floor = choose_score_floor(tasks, compute) if score_floor is None else score_floor
    return threshold, score_floor


def evaluation_metrics(evaluations: list[Evaluation]) -> dict[str, Any]:
    """Return ``{split: {raw|clean: {overall, by_cell_type, by_cell_size, threshold, ...}}}``.

    Before the scores of images on which something was chosen stands ``chosen_on_these_images``: what.
    Scores that partial truth refuses are left out, and ``refused`` says why; what is left is None where no
    cell is annotated.
    """
    metrics: dict[str, Any] = {}
    for evaluation in evaluations:
        metrics.setdefault(evaluation.split, {})[evaluation.cleaning] = {
            **({"chosen_on_these_images": evaluation.chosen} if evaluation.chosen else {}),
            **(_remaining_scores(evaluation) if evaluation.refused else _all_scores(evaluation)),
            **evaluation.settings.model_dump(),
            "threshold": evaluation.threshold,
            "score_floor": evaluation.score_floor,
            "images_without_prediction": len(evaluation.unpredicted),
            # An empty list would make DVC warn that it cannot be plotted.
            **({"without_prediction": evaluation.unpredicted} if evaluation.unpredicted else {}),
        }
    return metrics


def read_score_floor(path: Path) -> float:
    """Return the score from which predicted cells counted in metrics that `evaluation_metrics` made.

    Raises
    ------
    InputError
        The file is missing, or holds none.
    """
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["val"]["clean"]["score_floor"])
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the evaluate stage of the model") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not hold a score floor ({error!r}): evaluate again") from None


def _all_scores(evaluation: Evaluation) -> dict[str, Any]:
    foreground = summarise(evaluation.scores)
    cells = summarise_cells(evaluation.cells, evaluation.settings)
    return {
        "overall": foreground["overall"] | cells["overall"],
        "by_cell_type": {
            name: scores | cells["by_cell_type"][name] for name, scores in foreground["by_cell_type"].items()
        },
        "by_cell_size": cells["by_cell_size"],
    }


def _remaining_scores(evaluation: Evaluation) -> dict[str, Any]:
    cells = summarise_cells(evaluation.cells, evaluation.settings)
    by_type: dict[str, list[ImageCells]] = {}
    for own in evaluation.cells:
        by_type.setdefault(cell_type_of(own.image), []).append(own)
    return {
        "refused": evaluation.refused,
        "overall": _of_annotated(cells["overall"], evaluation.cells),
        "by_cell_type": {
            name: _of_annotated(own, by_type[name]) for name, own in cells["by_cell_type"].items()
        },
        "by_cell_size": {
            name: _known(of_annotated_cells(own)) for name, own in cells["by_cell_size"].items()
        },
    }


def _of_annotated(scores: dict[str, Any], images: list[ImageCells]) -> dict[str, Any]:
    sizes = np.sum([own.counts.true for own in images], axis=0).tolist()
    unknown = {f"ar_{size}": None for size, cells in zip(SIZES, sizes, strict=True) if not cells}
    return {**_known(of_annotated_cells(scores)), **unknown, "images": len(images)}


def _known(scores: dict[str, Any]) -> dict[str, Any]:
    """Return the scores, None where no cell is annotated: what is predicted all the same may be right."""
    return scores if scores["cells"] else {**dict.fromkeys(scores), "cells": 0}
