"""Plots of all methods side by side."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from monolayer.comparison import ComparisonRow
from monolayer.metrics.overlap import dice
from monolayer.plots.style import PALETTE, axes_grid, no_grid, styled
from monolayer.scores import ImageScore, stack_counts

KIND_COLOURS = {"model": PALETTE[0], "threshold": "#b0b0b0"}


@styled
def plot_ranking(rows: list[ComparisonRow]) -> Figure:
    """Draw each method's mean Dice with its 95 % interval, best at the top; models blue, thresholds grey."""
    figure = _draw_intervals(
        rows,
        values=[(row.dice, row.dice_low, row.dice_high) for row in rows],
        title="Dice on the cleaned test images",
        label=f"mean over {rows[0].images} images, with its 95 % bootstrap interval",
    )
    figure.axes[0].set_xlim(0, 1.06)
    return figure


@styled
def plot_differences(rows: list[ComparisonRow]) -> Figure:
    """Draw how far the models and the best threshold stay behind the best method on the same images."""
    best_threshold = next(row for row in rows if row.kind == "threshold")
    shown = [row for row in rows if row.kind == "model" or row is best_threshold]
    figure = _draw_intervals(
        shown,
        values=[(row.difference, row.difference_low, row.difference_high) for row in shown],
        title=f"Difference in Dice to {rows[0].method}",
        label="mean of the paired differences, with its 95 % bootstrap interval",
    )
    figure.axes[0].axvline(0, color="#888888", linewidth=1, zorder=0)
    return figure


def _draw_intervals(
    rows: list[ComparisonRow], values: list[tuple[float, float, float]], title: str, label: str
) -> Figure:
    figure, ((axes,),) = axes_grid(1, 1, width=6.5, height=0.8 + 0.26 * len(rows))
    for place, (row, (mean, low, high)) in enumerate(zip(rows, values, strict=True)):
        colour = KIND_COLOURS[row.kind]
        axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(mean, place, "o", color=colour, markersize=5)
        axes.annotate(f"{mean:.3f}", (high, place), (5, -2.5), textcoords="offset points", fontsize=7)
    axes.set_yticks(range(len(rows)), [row.method for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.08)
    keys = [Line2D([], [], color=colour, marker="o", label=kind) for kind, colour in KIND_COLOURS.items()]
    figure.legend(handles=keys, loc="outside upper right", ncols=2)
    axes.set_title(title)
    axes.set_xlabel(label)
    no_grid(axes, "y")
    return figure


@styled
def plot_cell_types(rows: list[ComparisonRow], scores: dict[str, list[ImageScore]]) -> Figure:
    """Draw each method's mean Dice on each cell type as a table of shades, methods in the order of `rows`."""
    cell_types = sorted({score.cell_type for score in scores[rows[0].method]})
    values = np.array([[_mean_dice(scores[row.method], name) for name in cell_types] for row in rows])
    figure, ((axes,),) = axes_grid(1, 1, width=2.2 + 0.62 * len(cell_types), height=0.8 + 0.28 * len(rows))
    shades = axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if value > 0.55 else "white"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=7)
    axes.set_xticks(range(len(cell_types)), cell_types)
    axes.set_yticks(range(len(rows)), [row.method for row in rows])
    axes.set_title("Dice by cell type")
    axes.grid(visible=False)
    figure.colorbar(shades, label="mean Dice", fraction=0.05)
    return figure


def _mean_dice(scores: list[ImageScore], cell_type: str) -> float:
    return float(dice(stack_counts(score for score in scores if score.cell_type == cell_type)).mean())
