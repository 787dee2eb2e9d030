"""Plots of all methods side by side."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from monolayer.evaluation.comparison import ComparisonRow, Estimate
from monolayer.plots.style import PALETTE, axes_grid, no_grid, styled

KIND_COLOURS = {"model": PALETTE[0], "threshold": "#b0b0b0"}


@styled
def plot_ranking(rows: list[ComparisonRow], score: str) -> Figure:
    """Draw each method's score with its 95 % interval, best at the top; models blue, thresholds grey."""
    shown = [row for row in rows if score in row.scores]
    return _draw_intervals(
        shown,
        [row.scores[score] for row in shown],
        title=f"{title_of(score)} on the cleaned test images",
        label=f"of {rows[0].images} images, with its 95 % bootstrap interval",
    )


@styled
def plot_differences(rows: list[ComparisonRow], score: str) -> Figure:
    """Draw how far the models and the best threshold stay behind the best method on the same images."""
    best_threshold = next((row for row in rows if row.kind == "threshold"), None)
    shown = [row for row in rows if row.kind == "model" or row is best_threshold]
    pairs = [(row, row.difference) for row in shown if row.difference is not None]
    figure = _draw_intervals(
        [row for row, _ in pairs],
        [difference for _, difference in pairs],
        title=f"Difference in {title_of(score)} to {rows[0].method}",
        label="paired on the same images, with its 95 % bootstrap interval",
    )
    figure.axes[0].axvline(0, color="#888888", linewidth=1, zorder=0)
    return figure


def title_of(score: str) -> str:
    """Return how a score is written in titles.

    >>> title_of("dice"), title_of("ap50"), title_of("boundary_f")
    ('Dice', 'AP50', 'boundary F')
    """
    known = {"dice": "Dice", "boundary_f": "boundary F"}
    return known.get(score, score.upper().replace("_", " ") if len(score) <= 5 else score.replace("_", " "))


def _draw_intervals(rows: list[ComparisonRow], values: list[Estimate], title: str, label: str) -> Figure:
    figure, ((axes,),) = axes_grid(1, 1, width=6.5, height=0.8 + 0.26 * len(rows))
    for place, (row, (mean, low, high)) in enumerate(zip(rows, values, strict=True)):
        colour = KIND_COLOURS[row.kind]
        axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(mean, place, "o", color=colour, markersize=5)
        axes.annotate(f"{mean:z.3f}", (high, place), (5, -2.5), textcoords="offset points", fontsize=7)
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
def plot_cell_types(score: str, cell_types: list[str], values: dict[str, np.ndarray]) -> Figure:
    """Draw each method's score on each cell type as a table of shades.

    Parameters
    ----------
    score
        Its name.
    cell_types
        C names.
    values
        By method, in the order to be drawn, float64 [C].
    """
    table = np.array(list(values.values()))
    figure, ((axes,),) = axes_grid(1, 1, width=2.2 + 0.62 * len(cell_types), height=0.8 + 0.28 * len(table))
    shades = axes.imshow(
        table, cmap="cividis", vmin=min(0, table.min()), vmax=max(1, table.max()), aspect="auto"
    )
    for (row, column), value in np.ndenumerate(table):
        dark = shades.norm(value) > 0.55
        axes.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            color="black" if dark else "white",
            fontsize=7,
        )
    axes.set_xticks(range(len(cell_types)), cell_types)
    axes.set_yticks(range(len(table)), list(values))
    axes.set_title(f"{title_of(score)} by cell type")
    axes.grid(visible=False)
    figure.colorbar(shades, label=title_of(score), fraction=0.05)
    return figure
