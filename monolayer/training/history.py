"""The scores of a training's epochs, and the file that says how a training went."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from monolayer.compute.accelerator import device_name
from monolayer.compute.settings import ComputeSettings


def as_table(history: Sequence[dict[str, float]]) -> pd.DataFrame:
    """Return one row per epoch: ``epoch`` (from 1), ``train_loss``, ``val_loss``, ``val_dice``.

    >>> as_table([{"train/loss": 1.5, "val/loss": 1.4, "val/dice": 0.5}]).to_dict("list")
    {'epoch': [1], 'train_loss': [1.5], 'val_loss': [1.4], 'val_dice': [0.5]}
    """
    table = pd.DataFrame(history).rename(columns=lambda name: name.replace("/", "_"))
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table


def best_epoch(history: pd.DataFrame, judged_by: Literal["dice", "loss"]) -> dict[str, int | float]:
    """Return ``best_epoch``, whose weights are kept, the first of the best, and its scores (6 digits)."""
    column = history[f"val_{judged_by}"]
    best = history.loc[column.idxmax() if judged_by == "dice" else column.idxmin()]
    scores = {name: round(float(best[name]), 6) for name in ("val_dice", "val_loss")}
    return {**scores, "best_epoch": int(best["epoch"])}


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
