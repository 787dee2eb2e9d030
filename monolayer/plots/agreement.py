"""Predicted against true confluence, and their difference."""

import numpy as np
from matplotlib.figure import Figure

from monolayer.evaluation.foreground import ImageScore, stack_counts
from monolayer.metrics.confluence import bias, limits_of_agreement, rmse
from monolayer.metrics.foreground import confluences
from monolayer.plots.style import axes_grid, colours_of, styled


@styled
def plot_confluence(title: str, scores: list[ImageScore]) -> Figure:
    """Draw predicted against true confluence, and the errors with their limits of agreement, by cell type."""
    true, predicted = (100 * fraction for fraction in confluences(stack_counts(scores)))
    cell_types = np.array([score.cell_type for score in scores])
    figure, ((left, right),) = axes_grid(1, 2, width=8.2, height=3.8)
    for cell_type, colour in colours_of(cell_types.tolist()).items():
        own = cell_types == cell_type
        dots = {"color": colour, "label": cell_type, "s": 22, "linewidths": 0.5, "edgecolors": "white"}
        left.scatter(true[own], predicted[own], **dots)
        right.scatter((true + predicted)[own] / 2, (predicted - true)[own], **dots)
    left.plot([0, 100], [0, 100], color="#888888", linewidth=1, zorder=1)
    left.set(xlim=(0, 100), ylim=(0, 100), xlabel="true confluence, %", ylabel="predicted confluence, %")
    left.set_aspect("equal")
    left.set_title(f"RMSE {rmse(true, predicted):.1f} percentage points")
    low, high = limits_of_agreement(true, predicted)
    for level, style in ((bias(true, predicted), "-"), (low, "--"), (high, "--")):
        right.axhline(level, color="#888888", linewidth=1, linestyle=style, zorder=1)
    right.set(xlim=(0, 100), xlabel="mean of true and predicted, %")
    right.set_ylabel("predicted - true, percentage points")
    right.set_title(f"bias {bias(true, predicted):+.1f}, limits {low:+.1f} to {high:+.1f}")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper")
    return figure
