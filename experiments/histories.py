"""The validation Dice of several experiments after each epoch, drawn together."""

from pathlib import Path

import msgspec
import pandas as pd

from experiments.repository import Experiment, dvc, git
from monolayer.evaluation.training_results import TrainingResult, histories
from monolayer.plots.history import plot_histories
from monolayer.plots.style import save_png


def draw_histories(title: str, runs: dict[str, Experiment], training: str, folder: Path) -> None:
    """Write the validation Dice after each epoch as DVC's page, as PNG and as a table, and print a ranking.

    Parameters
    ----------
    title
        Of the plots.
    runs
        By the names that the plots show.
    training
        The file of each experiment that the train stage wrote of the run.
    folder
        Where ``index.html``, ``dice.png`` and ``dice.tsv`` go.
    """
    trainings = {run: _training(experiment, training) for run, experiment in runs.items()}
    table = pd.DataFrame(histories(trainings, "val_dice"))
    by_run = {run: own.set_index("epoch")["val_dice"] for run, own in table.groupby("model", sort=False)}
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "dice.tsv", sep="\t", index=False, lineterminator="\n")
    axes = ["-x", "epoch", "-y", "val_dice", "--y-label", "Dice on the validation images (higher is better)"]
    page = ["--template", "curves", *axes, "--title", title, "--out", str(folder)]
    dvc("plots", "show", str(folder / "dice.tsv"), *page)
    save_png(plot_histories(title, by_run), folder / "dice.png")
    print(f"\n{title}\n\n{ranking_text(by_run)}\n")
    print(f"plots: {folder / 'index.html'}, {folder / 'dice.png'}   table: {folder / 'dice.tsv'}")


def _training(experiment: Experiment, path: str) -> TrainingResult:
    return msgspec.json.decode(git("show", f"{experiment.rev}:{path}"), type=TrainingResult)


def ranking_text(by_run: dict[str, pd.Series]) -> str:
    """Return each run's best validation Dice, its epoch and the last one's, best run first, as a text table.

    >>> print(ranking_text({"sgd": pd.Series({1: 0.5, 2: 0.6}), "adam": pd.Series({1: 0.9, 2: 0.8})}))
          best val Dice  epoch  last val Dice
    adam          0.900      1          0.800
    sgd           0.600      2          0.600
    """
    rows = [(history.max(), history.idxmax(), history.iloc[-1]) for history in by_run.values()]
    columns = ["best val Dice", "epoch", "last val Dice"]
    table = pd.DataFrame(rows, index=list(by_run), columns=columns)
    return table.sort_values(columns[0], ascending=False).to_string(float_format="{:.3f}".format)
