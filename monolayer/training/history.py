"""The scores of a training's epochs, and the file that says how a training went."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from monolayer.compute.accelerator import device_name
from monolayer.compute.settings import ComputeSettings
from monolayer.metrics.intervals import t_quantile
from monolayer.training.settings import Monitor

TIES = 1e-6
"""What the loss counts for beside a score."""
CHANCE = 0.1
"""In so many cases an epoch that is as good as another is taken for worse."""


def as_table(history: Sequence[dict[str, float]]) -> pd.DataFrame:
    """Return one row per epoch: ``epoch`` (from 1), ``train_loss`` and so on.

    >>> as_table([{"train/loss": 1.5, "val/loss": 1.4, "val/dice": 0.5}]).to_dict("list")
    {'epoch': [1], 'train_loss': [1.5], 'val_loss': [1.4], 'val_dice': [0.5]}
    """
    table = pd.DataFrame(history).rename(columns=lambda name: name.replace("/", "_"))
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table


def monitored(scores: Mapping[str, Tensor], monitor: Monitor) -> Tensor:
    """Return what is high in a good epoch, from its scores of N images; of equal ones, the loss decides.

    Parameters
    ----------
    scores
        By their names, with ``loss``: float64 [N] each.
    monitor
        Which of them.
    """
    return -scores["loss"] if monitor == "loss" else scores[monitor] - TIES * scores["loss"]


def is_as_good(own: Tensor, highest: Tensor) -> bool:
    """Say whether an epoch is as good as the one with the highest mean, as far as its images can tell.

    It is not, where its mean is lower, and Student's t is that low by chance in less than `CHANCE` of cases.
    A single image tells any difference.

    Parameters
    ----------
    own, highest
        What is monitored in N images, in the same order, float64 [N].

    Examples
    --------
    >>> from torch import tensor
    >>> highest = tensor([0.7, 0.5, 0.6])
    >>> is_as_good(tensor([0.6, 0.45, 0.6]), highest), is_as_good(tensor([0.6, 0.45, 0.5]), highest)
    (True, False)
    """
    difference = own - highest
    images = len(difference)
    by_chance = t_quantile(images - 1, 2 * CHANCE) * difference.std() / images**0.5 if images > 1 else 0.0
    return bool(difference.mean() + by_chance >= 0)


def scores_of_epoch(history: pd.DataFrame, epoch: int) -> dict[str, int | float]:
    """Return ``best_epoch`` and its scores on the validation images (6 digits); epochs count from 1."""
    own = history.set_index("epoch").loc[epoch]
    scores = {name: round(float(own[name]), 6) for name in ("val_ap50", "val_dice", "val_loss")}
    return {**scores, "best_epoch": epoch}


def where_trained(compute: ComputeSettings) -> dict[str, str]:
    """Return ``device`` and ``number_format``: results repeat where both are the same.

    `compute` is as `monolayer.compute.accelerator.on_this_machine` returns it.
    """
    return {"device": device_name(compute), "number_format": compute.precision}


def write_training(path: Path, facts: Mapping[str, Any], history: pd.DataFrame) -> None:
    """Write facts of a training, and its epochs by columns under ``history``, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = history.drop(columns="epoch").round(6).to_dict("list")
    lines = [f'    "{name}": {json.dumps(values)}' for name, values in columns.items()]
    text = json.dumps({**facts, "history": {}}, indent=2).replace(
        '"history": {}', '"history": {\n' + ",\n".join(lines) + "\n  }"
    )
    path.write_text(text + "\n", encoding="utf-8")
