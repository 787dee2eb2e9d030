"""What DVCLive logged, as tables without times and without what a killed training logged twice."""

from pathlib import Path
from typing import Literal

import pandas as pd


def read_history(live: Path) -> pd.DataFrame:
    """Read DVCLive's metrics.

    Parameters
    ----------
    live
        DVCLive's folder.

    Returns
    -------
    pandas.DataFrame
        One row per epoch: ``epoch`` (from 1), ``train_loss``, ``val_loss``, ``val_dice``.
    """
    names = ("train/loss", "val/loss", "val/dice")
    return pd.DataFrame({name.replace("/", "_"): _by_epoch(live, name) for name in names}).reset_index()


def _by_epoch(live: Path, name: str) -> pd.Series:
    # A training killed between its log and its checkpoint repeats the epoch, and logs it again.
    logged = pd.read_csv(live / "plots" / "metrics" / f"{name}.tsv", sep="\t")
    return logged.drop_duplicates("step", keep="last").set_index("step").rename_axis("epoch").iloc[:, -1]


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
