"""How a decoder's settings stand in params.yaml, and how the best of them are found on val images."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monolayer.annotations.coco import Coco, Image, place_in_time
from monolayer.annotations.sampling import spread
from monolayer.compute.parallel import map_in_threads
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import (
    ImageCells,
    TrueCells,
    annotated_images,
    compare_cells,
    score_cells,
    true_cells,
)
from monolayer.evaluation.settings import CellSettings
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.inference.settings import TuneSettings
from monolayer.inference.whole_image import Applied
from monolayer.metrics.files import write_metrics
from monolayer.metrics.partial_truth import OF_ANNOTATED_CELLS, needs_complete_truth
from monolayer.predictions.cells import Cells


class DecodeTask(NamedTuple):
    """One image to be decoded."""

    maps: np.ndarray | Cells
    """What the decoder reads, see `monolayer.models.base.model.Maps`."""
    truth: TrueCells


class Trial(NamedTuple):
    """Settings that were tried."""

    settings: dict[str, Any]
    score: float


def write_tuned(path: Path, name: str, trials: Sequence[Trial], settings: TuneSettings) -> None:
    """Write the best settings as metrics, and their score beside that of the first ones."""
    best = best_trial(trials)
    write_metrics(
        path,
        {
            "decoder": name,
            "settings": best.settings,
            settings.score: best.score,
            f"{settings.score}_of_first": trials[0].score,
            "trials": len(trials),
        },
    )


def write_trials(path: Path, trials: Sequence[Trial], score: str) -> None:
    """Write a table of all trials, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**trial.settings, score: round(trial.score, 6)} for trial in trials]
    pd.DataFrame(rows).to_csv(path, index=False, lineterminator="\n")


def images_to_tune_on(images: Sequence[Image], settings: TuneSettings) -> list[Image]:
    """Return the images of which the score can be had: it may need that all their cells are annotated.

    Raises
    ------
    InputError
        There are none.
    """
    truths = ("complete",) if needs_complete_truth(settings.score) else ("complete", "partial")
    chosen = [image for image in images if image.truth in truths]
    if not chosen:
        raise InputError(
            f"params.yaml: tune.score: {settings.score!r} cannot be had, as none of {len(images)} val images "
            f"has {' or '.join(truths)} truth. Partial truth would do for {', '.join(OF_ANNOTATED_CELLS)}"
        )
    return chosen


def tasks_to_tune_on(
    applied: Applied, val: Coco, folder: ImageFolder, settings: TuneSettings
) -> list[DecodeTask]:
    """Apply a model to the val images that its decoder is tuned on, and return what it says of them.

    Parameters
    ----------
    applied
        The model.
    val
        Cleaned annotations of val.
    folder
        Where the files are.
    settings
        How many images, and what is to be highest.

    Raises
    ------
    InputError
        As `images_to_tune_on`, or a file cannot be read.
    """
    listed = spread(images_to_tune_on(val.images, settings), settings.images)
    truths = {truth.image.id: truth for truth in annotated_images(val, listed)}
    tasks = []
    for image in applied.model.with_context(listed, val.images):
        pixels = read_image(folder.path(image.file_name, "val"), image)
        maps = applied(pixels, place_in_time(image).sequence).maps
        if image.id in truths:
            tasks.append(DecodeTask(maps, true_cells(truths[image.id])))
    return tasks


def tune_decoder(
    decoder: ModuleType,
    tasks: Sequence[DecodeTask],
    search: dict[str, list[Any]],
    settings: TuneSettings,
    cell_settings: CellSettings,
    compute: ComputeSettings,
) -> list[Trial]:
    """Improve one setting after the other, as long as the score rises.

    Parameters
    ----------
    decoder
        As `load_decoder` returns it.
    tasks
        Val images; never test.
    search
        As `monolayer.decoders.base.search.read_search` returns it.
    settings, cell_settings, compute
        What is scored, how, and where the work runs.

    Returns
    -------
    list of Trial
        In the order of the trials; the first of the highest score is the best.
    """
    first = {key: values[0] for key, values in search.items()}
    trials = _try(decoder, tasks, [first], settings.score, cell_settings, compute)
    for _ in range(settings.rounds):
        before = best_trial(trials)
        for key, values in search.items():
            best = best_trial(trials).settings
            others = [{**best, key: value} for value in values if value != best[key]]
            known = [trial.settings for trial in trials]
            new = [candidate for candidate in others if candidate not in known]
            trials += _try(decoder, tasks, new, settings.score, cell_settings, compute)
        if best_trial(trials) is before:
            break
    return trials


def best_trial(trials: Sequence[Trial]) -> Trial:
    """Return the first trial of the highest score."""
    return max(trials, key=lambda trial: trial.score)


def _try(
    decoder: ModuleType,
    tasks: Sequence[DecodeTask],
    candidates: list[dict[str, Any]],
    score: str,
    cell_settings: CellSettings,
    compute: ComputeSettings,
) -> list[Trial]:
    decode = partial(_decode_all, decoder=decoder, candidates=candidates, settings=cell_settings)
    by_image = map_in_threads(decode, tasks, compute)
    return [
        Trial(candidate, score_cells(list(images), score))
        for candidate, images in zip(candidates, zip(*by_image, strict=True), strict=True)
    ]


def _decode_all(
    task: DecodeTask, decoder: ModuleType, candidates: list[dict[str, Any]], settings: CellSettings
) -> list[ImageCells]:
    decoded = (decoder.decode(task.maps, decoder.Settings(**candidate)) for candidate in candidates)
    return [compare_cells(task.truth, cells.runs, cells.scores, settings) for cells in decoded]
