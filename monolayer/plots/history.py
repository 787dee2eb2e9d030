"""How trainings went, epoch by epoch."""

from collections.abc import Mapping
from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from monolayer.plots.style import PALETTE, axes_grid, styled


@styled
def plot_histories(title: str, histories: Mapping[str, pd.Series]) -> Figure:
    """Draw the validation Dice of several trainings after each epoch; dots mark the best of each.

    Parameters
    ----------
    title
        Of the plot.
    histories
        By the training's name, its validation Dice by epoch.
    """
    figure, ((axes,),) = axes_grid(1, 1, width=6.5, height=3.8)
    for (name, dices), colour in zip(histories.items(), cycle(PALETTE), strict=False):
        best = dices.idxmax()
        axes.plot(dices.index, dices, color=colour, label=f"{name} ({dices[best]:.3f})")
        axes.plot([best], [dices[best]], "o", color=colour, markersize=5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel="Dice on the validation images")
    axes.set_title(title)
    figure.legend(loc="outside right upper", title="best")
    return figure
