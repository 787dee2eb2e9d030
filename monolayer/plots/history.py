"""How trainings went, epoch by epoch."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from monolayer.plots.style import axes_grid, legend_beside, looks_of, styled

MARKED = 10
"""Epochs of a training that are marked, about."""


@styled
def plot_histories(title: str, histories: Mapping[str, pd.Series]) -> Figure:
    """Draw the validation Dice of several trainings after each epoch; the best of each is marked.

    Parameters
    ----------
    title
        Of the plot.
    histories
        By the training's name, its validation Dice by epoch.
    """
    figure, ((axes,),) = axes_grid(1, 1, width=7.5, height=3.8)
    looks = looks_of(histories)
    for name, dices in histories.items():
        best, every = dices.idxmax(), max(1, len(dices) // MARKED)
        label = f"{name}: {dices[best]:.3f}, epoch {best}"
        axes.plot(dices.index, dices, **looks[name], markersize=4, markevery=every, label=label)
        axes.plot([best], [dices[best]], **looks[name], markersize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel="Dice on the validation images (higher is better)")
    axes.set_title(title)
    legend_beside(figure, axes, title="best, marked large")
    return figure
