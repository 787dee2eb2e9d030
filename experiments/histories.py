"""The validation Dice of several experiments after each epoch, drawn together."""

import io
from pathlib import Path

import pandas as pd

from experiments.repository import Experiment, dvc, git
from monolayer.plots.history import plot_histories
from monolayer.plots.style import save_png


def draw_histories(title: str, runs: dict[str, Experiment], curve: str, folder: Path) -> None:
    """Write the validation Dice after each epoch as DVC's page, as PNG and as a table, and print a ranking.

    Parameters
    ----------
    title
        Of the plots.
    runs
        By the names that the plots show.
    curve
        The file of each experiment that has the columns ``epoch`` and ``val_dice``.
    folder
        Where ``index.html``, ``dice.png`` and ``dice.tsv`` go.
    """
    histories = {run: _history(experiment, curve) for run, experiment in runs.items()}
    names = [experiment.name for experiment in runs.values()]
    folder.mkdir(parents=True, exist_ok=True)
    axes = ["-x", "epoch", "-y", "val_dice", "--y-label", "Dice on the validation images"]
    dvc("plots", "diff", *names, "--targets", curve, *axes, "--title", title, "--out", str(folder))
    save_png(plot_histories(title, histories), folder / "dice.png")
    pd.DataFrame(histories).to_csv(folder / "dice.tsv", sep="\t", lineterminator="\n")
    print(f"\n{title}\n\n{ranking_text(histories)}\n")
    print(f"plots: {folder / 'index.html'}, {folder / 'dice.png'}   table: {folder / 'dice.tsv'}")


def _history(experiment: Experiment, curve: str) -> pd.Series:
    table = io.StringIO(git("show", f"{experiment.rev}:{curve}"))
    return pd.read_csv(table, sep="\t", index_col="epoch")["val_dice"]


def ranking_text(histories: dict[str, pd.Series]) -> str:
    """Return each run's best validation Dice, its epoch and the last one's, best run first, as a text table.

    >>> print(ranking_text({"sgd": pd.Series({1: 0.5, 2: 0.6}), "adam": pd.Series({1: 0.9, 2: 0.8})}))
          best val Dice  epoch  last val Dice
    adam          0.900      1          0.800
    sgd           0.600      2          0.600
    """
    rows = [(history.max(), history.idxmax(), history.iloc[-1]) for history in histories.values()]
    columns = ["best val Dice", "epoch", "last val Dice"]
    table = pd.DataFrame(rows, index=list(histories), columns=columns)
    return table.sort_values(columns[0], ascending=False).to_string(float_format="{:.3f}".format)
