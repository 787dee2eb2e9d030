"""The scores of a training's epochs, as tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd


def as_table(history: Sequence[dict[str, float]]) -> pd.DataFrame:
    """Return one row per epoch: ``epoch`` (from 1), ``train_loss``, ``val_loss``, ``val_dice``.

    >>> as_table([{"train/loss": 1.5, "val/loss": 1.4, "val/dice": 0.5}]).to_dict("list")
    {'epoch': [1], 'train_loss': [1.5], 'val_loss': [1.4], 'val_dice': [0.5]}
    """
    table = pd.DataFrame(history).rename(columns=lambda name: name.replace("/", "_"))
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table


def write_history(folder: Path, history: pd.DataFrame) -> None:
    """Write ``loss.tsv`` (epoch, train_loss, val_loss) and ``dice.tsv`` (epoch, val_dice) for DVC's plots."""
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, columns in {
        "loss.tsv": ["epoch", "train_loss", "val_loss"],
        "dice.tsv": ["epoch", "val_dice"],
    }.items():
        history[columns].round(6).to_csv(folder / file_name, sep="\t", index=False, lineterminator="\n")


def best_epoch(history: pd.DataFrame, judged_by: Literal["dice", "loss"]) -> dict[str, int | float]:
    """Return ``best_epoch``, whose weights are kept, the first of the best, and its scores (6 digits)."""
    column = history[f"val_{judged_by}"]
    best = history.loc[column.idxmax() if judged_by == "dice" else column.idxmin()]
    scores = {name: round(float(best[name]), 6) for name in ("val_dice", "val_loss")}
    return {**scores, "best_epoch": int(best["epoch"])}
