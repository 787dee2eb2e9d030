"""How the best settings of a decoder are found on val images: by Optuna."""

import math
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import optuna

from monolayer.compute.parallel import map_in_threads
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import decode_again
from monolayer.evaluation.cells import ImageCells, TrueCells, compare_cells, score_cells
from monolayer.evaluation.settings import CellSettings
from monolayer.inference.search import Range, Search, first_settings
from monolayer.inference.settings import TuneSettings
from monolayer.metrics.scores import score_named
from monolayer.predictions.cells import Cells

DIGITS = 4
"""Of the numbers that are tried, behind the point."""
STAGES = (8, 4, 2, 1)
"""A trial looks at an eighth of the images, then at a quarter, and so on, as long as it is worth it."""

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class DecodeTask(NamedTuple):
    """One image to be decoded."""

    maps: np.ndarray | Cells
    """What the decoder reads, see `monolayer.models.base.model.Maps`."""
    truth: TrueCells
    divided: dict[tuple[Any, ...], Any]
    """What `monolayer.decoders.base.decoder.decode_again` keeps of it; empty at first."""


class Trial(NamedTuple):
    """Settings that were tried."""

    settings: dict[str, Any]
    score: float
    images: int
    """From which the score is: fewer than all where those before them promised nothing."""


def tune_decoder(
    decoder: ModuleType,
    tasks: Sequence[DecodeTask],
    search: Search,
    settings: TuneSettings,
    cell_settings: CellSettings,
    compute: ComputeSettings,
) -> list[Trial]:
    """Look for the settings of the best score, as a tree of Parzen estimators guides (Bergstra et al. 2011).

    The first trial is that of `first_settings`. A trial ends early where its first images give a score below
    the median of the others' there.

    Parameters
    ----------
    decoder
        As `load_decoder` returns it.
    tasks
        Val images; never test. Each beginning of them should be of all kinds.
    search
        As `monolayer.inference.search.read_search` returns it.
    settings, cell_settings, compute
        What is scored, how, and where the work runs. The trials do not depend on the number of threads.

    Returns
    -------
    list of Trial
        In the order of the trials, none twice.
    """
    trials: dict[tuple[Any, ...], Trial] = {}

    def objective(proposal: optuna.Trial) -> float:
        chosen = {name: _suggested(proposal, name, tried) for name, tried in search.items()}
        key = tuple(chosen.values())
        if key in trials:
            return _value(trials[key])
        decode = partial(_decoded, decoder=decoder, chosen=chosen, settings=cell_settings)
        for cells in _growing(decode, tasks, compute):
            trials[key] = Trial(chosen, score_cells(cells, settings.score), len(cells))
            proposal.report(_goodness(trials[key], settings.score), len(cells))
            if len(cells) < len(tasks) and proposal.should_prune():
                break
        return _value(trials[key])

    def _value(trial: Trial) -> float:
        if trial.images < len(tasks):
            raise optuna.TrialPruned
        return _goodness(trial, settings.score)

    study = optuna.create_study(
        direction="maximize", sampler=_sampler(search, settings.trials), pruner=optuna.pruners.MedianPruner()
    )
    study.enqueue_trial(first_settings(search, decoder.Settings))
    study.optimize(objective, n_trials=settings.trials)
    return list(trials.values())


def best_trial(trials: Sequence[Trial], score: str) -> Trial:
    """Return the first trial of the best score, of those that saw all images."""
    whole = max(trial.images for trial in trials)
    complete = [trial for trial in trials if trial.images == whole]
    return max(complete, key=lambda trial: _goodness(trial, score))


def _goodness(trial: Trial, score: str) -> float:
    return float(score_named(score).goodness(trial.score))


def _suggested(proposal: optuna.Trial, name: str, tried: Range | list[Any]) -> Any:
    if not isinstance(tried, Range):
        return proposal.suggest_categorical(name, tried)
    if isinstance(tried.low, int):
        return proposal.suggest_int(name, tried.low, int(tried.high), step=int(tried.step or 1))
    return round(proposal.suggest_float(name, tried.low, tried.high, step=tried.step), DIGITS)


def _sampler(search: Search, trials: int) -> optuna.samplers.BaseSampler:
    """Try all settings in turn where they are no more than the trials."""
    choices = [math.inf if isinstance(tried, Range) else len(tried) for tried in search.values()]
    if math.prod(choices) <= trials:
        return optuna.samplers.BruteForceSampler(seed=0)
    return optuna.samplers.TPESampler(seed=0)


def _growing(
    decode: partial[ImageCells], tasks: Sequence[DecodeTask], compute: ComputeSettings
) -> Iterator[list[ImageCells]]:
    """Yield the cells of more and more images, of all in the end."""
    cells: list[ImageCells] = []
    for end in sorted({math.ceil(len(tasks) / part) for part in STAGES}):
        cells += map_in_threads(decode, tasks[len(cells) : end], compute)
        yield cells


def _decoded(
    task: DecodeTask, decoder: ModuleType, chosen: dict[str, Any], settings: CellSettings
) -> ImageCells:
    cells = decode_again(decoder, task.maps, decoder.Settings(**chosen), task.divided)
    return compare_cells(task.truth, cells.runs, cells.scores, settings)
