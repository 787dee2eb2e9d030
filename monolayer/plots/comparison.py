"""Plots of all methods side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from monolayer.evaluation.comparison import ComparisonRow, Estimate
from monolayer.metrics.scores import score_named
from monolayer.plots.style import GREY, KIND_COLOURS, axes_grid, no_grid, number_of, styled

UNITS = {
    "count_mae": "cells an image",
    "count_bias": "cells an image",
    "confluence_rmse": "fraction of the image",
    "confluence_bias": "fraction of the image",
}
"""Of the scores that have one."""
WORSE = {"high": ", below 0 is worse", "low": ", above 0 is worse", "zero": ""}
GAPS = 3
WIDTHS = 5
"""A method is shown up to so many times the gap that the better half has, or the width of its intervals."""
UPRIGHT = 8
"""Letters of a cell type's name that fit below a column."""


@styled
def plot_ranking(rows: list[ComparisonRow], score: str) -> Figure:
    """Draw each method's score with its 95 % interval, best at the top; models blue, thresholds grey.

    Methods that are far behind are cut off, so that the intervals of the good ones can be seen.
    """
    shown = [row for row in rows if score in row.scores]
    figure = _draw_intervals(
        shown,
        [row.scores[score] for row in shown],
        title=f"{title_of(score)} on the cleaned test images",
        label=f"{labelled(score)}\nof {number_of(rows[0].images, 'image')}",
    )
    if shown[0].letters:
        (axes,) = figure.axes
        axes.set_yticks(range(len(shown)), [f"{row.method}  {row.letters}" for row in shown])
        axes.set_xlabel(f"{axes.get_xlabel()}; methods that share a letter cannot be told apart")
    return figure


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
        label=f"difference in {labelled(score, WORSE[score_named(score).best])}\n"
        f"paired on the same {number_of(rows[0].images, 'image')}",
    )
    figure.axes[0].axvline(0, color=GREY, linewidth=1, zorder=0)
    return figure


def title_of(score: str) -> str:
    """Return how a score is written in titles.

    >>> title_of("dice"), title_of("ap50"), title_of("boundary_f")
    ('Dice', 'AP50', 'boundary F')
    """
    known = {"dice": "Dice", "boundary_f": "boundary F"}
    return known.get(score, score.upper().replace("_", " ") if len(score) <= 5 else score.replace("_", " "))


def labelled(score: str, worse: str = "") -> str:
    """Return a score's name with its unit and which of its values are good, for an axis.

    >>> labelled("dice"), labelled("count_mae")
    ('Dice (higher is better)', 'count mae, cells an image (lower is better)')
    """
    unit = f", {UNITS[score]}" if score in UNITS else ""
    return f"{title_of(score)}{unit} ({score_named(score).direction}{worse})"


def shown_range(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Return from where to where methods are shown, without those that are far behind.

    The better half, and at least two methods, are shown with their intervals; others up to `GAPS` times the
    distance from the best method that the better half has, or `WIDTHS` times the width of its intervals.

    Parameters
    ----------
    estimates
        Of N methods, the best first; NaN where something is undefined.

    Examples
    --------
    >>> far = [Estimate(0.9, 0.89, 0.91), Estimate(0.89, 0.88, 0.9), Estimate(0.1, 0.05, 0.2)]
    >>> [round(end, 3) for end in shown_range(far)]
    [0.8, 0.91]
    """
    known = np.array([estimate for estimate in estimates if np.isfinite(estimate.value)]).reshape(-1, 3)
    if not len(known):
        return 0.0, 1.0
    ends = np.where(np.isfinite(known), known, known[:, :1])  # what has no interval is a dot
    better = ends[: max(2, (len(ends) + 1) // 2)]
    best = better[0, 0]
    reach = max(
        GAPS * np.abs(better[:, 0] - best).max(), WIDTHS * float(np.median(better[:, 2] - better[:, 1]))
    )
    low = max(ends.min(), min(better.min(), best - reach))
    high = min(ends.max(), max(better.max(), best + reach))
    return float(low), float(high)


def _draw_intervals(rows: list[ComparisonRow], estimates: list[Estimate], title: str, label: str) -> Figure:
    figure, ((axes,),) = axes_grid(1, 1, width=8, height=1.5 + 0.25 * max(len(rows), 4))
    low, high = shown_range(estimates)
    margin = 0.04 * (high - low) or 0.01
    axes.set_xlim(low - margin, high + margin)
    for place, (row, estimate) in enumerate(zip(rows, estimates, strict=True)):
        _draw_interval(axes, place, estimate, KIND_COLOURS[row.kind])
    axes.set_yticks(range(len(rows)), [row.method for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    kinds = [kind for kind in KIND_COLOURS if any(row.kind == kind for row in rows)]
    keys = [Line2D([], [], color=KIND_COLOURS[kind], marker="o", label=kind) for kind in kinds]
    if not all(low <= estimate.value <= high for estimate in estimates if np.isfinite(estimate.value)):
        keys.append(Line2D([], [], color="black", marker="<", linestyle="", label="beyond the axis"))
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys))
    axes.set_title(title)
    known = any(np.isfinite(estimate.low) for estimate in estimates)
    intervals = "with 95 % intervals" if known else "without intervals"
    axes.set(xlabel=f"{label}, {intervals}", ylabel="method, the best first")
    no_grid(axes, "y")
    return figure


def _draw_interval(axes: Axes, place: int, estimate: Estimate, colour: str) -> None:
    """Draw one method's value and interval, or an arrow to where it is; the numbers stand at the right."""
    value, low, high = estimate
    first, last = axes.get_xlim()
    axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
    axes.plot(value, place, "o", color=colour, markersize=5)
    if not first <= value <= last and np.isfinite(value):
        place_of: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "color": colour, "markersize": 7}
        axes.plot(*((0.012, place, "<") if value < first else (0.988, place, ">")), **place_of)
    beside: dict[str, Any] = {
        "xycoords": axes.get_yaxis_transform(),
        "textcoords": "offset points",
        "fontsize": 7,
    }
    axes.annotate(_in_numbers(estimate), (1, place), (8, 0), va="center", annotation_clip=False, **beside)


def _in_numbers(estimate: Estimate) -> str:
    value, low, high = estimate
    if not np.isfinite(value):
        return "undefined"
    digits = 3 if abs(value) < 10 else 1
    interval = f"  ({low:z.{digits}f} to {high:z.{digits}f})" if np.isfinite(low + high) else ""
    return f"{value:z.{digits}f}{interval}"


@styled
def plot_cell_types(score: str, images: dict[str, int], values: dict[str, np.ndarray]) -> Figure:
    """Draw each method's score on each cell type as a table of shades, the lightest the best.

    Parameters
    ----------
    score
        Its name.
    images
        How many there are of each of the C cell types.
    values
        By method, in the order to be drawn, float64 [C]; NaN where the score is undefined.
    """
    table = np.array(list(values.values()))
    upright = max(map(len, images)) <= UPRIGHT
    width, height = 2.8 + 0.62 * max(len(images), 3), (1.3 if upright else 2.3) + 0.28 * max(len(table), 5)
    figure, ((axes,),) = axes_grid(1, 1, width, height)
    if score_named(score).best == "high":
        known = table[np.isfinite(table)]
        limits: dict[str, Any] = {"cmap": "cividis", "vmin": min(0, *known), "vmax": max(1, *known)}
        shades = axes.imshow(table, aspect="auto", **limits)
    else:
        shades = axes.imshow(np.abs(table), aspect="auto", cmap="cividis_r", vmin=0)
    for (row, column), value in np.ndenumerate(table):
        light = np.mean(shades.to_rgba(abs(value))[:3]) > 0.45 or not np.isfinite(value)
        text = f"{value:z.2f}" if np.isfinite(value) else "-"
        colour = "black" if light else "white"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
    names = [f"{name}\n{count}" for name, count in images.items()]
    axes.set_xticks(range(len(images)), names, rotation=0 if upright else 90)
    axes.set(xlabel="cell type, and its number of images", ylabel="method, the best first")
    axes.set_yticks(range(len(table)), list(values))
    axes.set_title(f"{title_of(score)} by cell type, of {number_of(sum(images.values()), 'image')}")
    axes.grid(visible=False)
    figure.colorbar(shades, label=labelled(score), fraction=0.05)
    return figure
