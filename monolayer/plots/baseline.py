"""The thresholds' bar plot."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from monolayer.plots.style import SPLIT_COLOURS, axes_grid, legend_beside, no_grid, number_of, styled


@styled
def plot_baseline(metrics: dict[str, Any]) -> Figure:
    """Draw every method's mean Dice on each split, best at the top.

    Parameters
    ----------
    metrics
        As `monolayer.baseline.scoring.baseline_metrics` returns them.
    """
    splits = list(metrics)
    last = {name: scores for name, scores in metrics[splits[-1]].items() if name != "best"}
    methods = sorted(last, key=lambda name: last[name]["overall"]["dice"])
    figure, ((axes,),) = axes_grid(1, 1, width=7.5, height=3.8)
    thickness = 0.8 / len(splits)
    for index, split in enumerate(splits):
        values = [metrics[split][method]["overall"]["dice"] for method in methods]
        places = np.arange(len(methods)) + (0.5 * (len(splits) - 1) - index) * thickness
        label = f"{split}, {number_of(metrics[split][methods[0]]['overall']['images'], 'image')}"
        bars = axes.barh(places, values, 0.9 * thickness, label=label, color=SPLIT_COLOURS[split])
        axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=7)
    axes.set_yticks(range(len(methods)), methods)
    axes.set_xlim(0, 1)
    axes.set(xlabel="Dice, mean over images (higher is better)", ylabel="method, the best first")
    axes.set_title("Foreground by thresholds")
    legend_beside(figure, axes)
    no_grid(axes, "y")
    return figure
