"""Predicted against true confluence, and their difference."""

import numpy as np
from matplotlib.figure import Figure

from monolayer.evaluation.foreground import ImageScore, stack_counts
from monolayer.metrics.confluence import bias, limits_of_agreement, rmse
from monolayer.metrics.foreground import confluences
from monolayer.plots.style import DOTS, GREY, axes_grid, legend_beside, looks_of, styled, titled


@styled
def plot_confluence(title: str, scores: list[ImageScore]) -> Figure:
    """Draw predicted against true confluence, and the errors with their limits of agreement, by cell type."""
    true, predicted = (100 * fraction for fraction in confluences(stack_counts(scores)))
    cell_types = np.array([score.cell_type for score in scores])
    figure, ((left, right),) = axes_grid(1, 2, width=9.4, height=3.8)
    for cell_type, look in looks_of(cell_types.tolist()).items():
        own = cell_types == cell_type
        dots = {**look, **DOTS, "label": cell_type}
        left.scatter(true[own], predicted[own], **dots)
        right.scatter((true + predicted)[own] / 2, (predicted - true)[own], **dots)
    limit = min(100, 1.1 * max(true.max(), predicted.max(), 1))
    left.plot([0, 100], [0, 100], color=GREY, linewidth=1, zorder=1)
    left.set(xlim=(0, limit), ylim=(0, limit), xlabel="true confluence, %", ylabel="predicted confluence, %")
    left.set_aspect("equal")
    left.set_title(f"RMSE {rmse(true, predicted):.1f} percentage points")
    low, high = limits_of_agreement(true, predicted)
    for level, style in ((bias(true, predicted), "-"), (low, "--"), (high, "--")):
        right.axhline(level, color=GREY, linewidth=1, linestyle=style, zorder=1)
    right.set(xlim=(0, limit), xlabel="mean of true and predicted confluence, %")
    right.set_ylabel("predicted - true, % points (0 is best)")
    right.set_title(f"bias {bias(true, predicted):+.1f}, 95 % limits {low:+.1f} to {high:+.1f}")
    titled(figure, title)
    legend_beside(figure, left)
    return figure
