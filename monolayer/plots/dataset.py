"""Plots of what a data set holds."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from monolayer.exploration.summary import ImageFacts
from monolayer.plots.style import SPLIT_COLOURS, axes_grid, no_grid, styled

Value = TypeVar("Value")


@styled
def plot_counts(facts: list[ImageFacts]) -> Figure:
    """Draw the number of images and of cells by cell type, one bar for each split."""
    figure, (left, right) = _two_plots(facts)
    _bars(left, facts, [1] * len(facts))
    _bars(right, facts, [len(fact.areas) for fact in facts])
    left.set(title="Images", xlabel="number of images")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.set_xlim(0, max(1, axes.get_xlim()[1]))
    right.set(title="Cells", xlabel="number of annotated cells")
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return figure


@styled
def plot_distributions(facts: list[ImageFacts]) -> Figure:
    """Draw the cells' areas (median and 10 to 90 %) and each image's confluence by cell type and split."""
    figure, (left, right) = _two_plots(facts)
    _ranges(left, facts, [fact.areas for fact in facts])
    _dots(right, facts, [100 * fact.confluence for fact in facts])
    left.set(title="Area of cells", xlabel="pixels: median, and 10 to 90 %", xscale="log")
    low, high = left.get_xlim()
    left.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    left.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    left.xaxis.set_minor_locator(NullLocator())
    right.set(title="Confluence of images", xlabel="covered by cells, % of each image", xlim=(0, 100))
    return figure


def _two_plots(facts: list[ImageFacts]) -> tuple[Figure, tuple[Axes, Axes]]:
    """Return two plots side by side with a row for each cell type, and a legend of the splits."""
    cell_types = sorted({fact.cell_type for fact in facts})
    width = 8.2 + 0.07 * max(map(len, cell_types))
    figure, ((left, right),) = axes_grid(1, 2, width, height=1.2 + 0.36 * max(len(cell_types), 2))
    for axes, labels in ((left, cell_types), (right, [""] * len(cell_types))):
        axes.set_yticks(range(len(cell_types)), labels)
        axes.set_ylim(len(cell_types) - 0.5, -0.5)
        no_grid(axes, "y")
    left.set_ylabel("cell type")
    splits = dict.fromkeys(fact.split for fact in facts)
    keys = [Line2D([], [], color=SPLIT_COLOURS[split], linewidth=5, label=split) for split in splits]
    figure.legend(handles=keys, loc="outside right upper")
    return figure, (left, right)


def _lanes(facts: list[ImageFacts]) -> list[tuple[str, str, float, float]]:
    """Lay out a lane for each cell type and split: type, split, place and thickness."""
    cell_types = sorted({fact.cell_type for fact in facts})
    splits = list(dict.fromkeys(fact.split for fact in facts))
    step = 0.75 / len(splits)
    return [
        (cell_type, split, row + (index - (len(splits) - 1) / 2) * step, 0.85 * step)
        for index, split in enumerate(splits)
        for row, cell_type in enumerate(cell_types)
    ]


def _of(facts: list[ImageFacts], values: Sequence[Value], cell_type: str, split: str) -> list[Value]:
    """Return the values of the images of a cell type and split."""
    pairs = zip(facts, values, strict=True)
    return [value for fact, value in pairs if (fact.cell_type, fact.split) == (cell_type, split)]


def _bars(axes: Axes, facts: list[ImageFacts], numbers: list[int]) -> None:
    for cell_type, split, place, thickness in _lanes(facts):
        axes.barh(place, sum(_of(facts, numbers, cell_type, split)), thickness, color=SPLIT_COLOURS[split])


def _ranges(axes: Axes, facts: list[ImageFacts], values: list[np.ndarray]) -> None:
    for cell_type, split, place, _ in _lanes(facts):
        own = np.concatenate([np.empty(0), *_of(facts, values, cell_type, split)])
        if own.size:
            low, median, high = np.percentile(own, [10, 50, 90])
            colour = SPLIT_COLOURS[split]
            axes.plot([low, high], [place] * 2, color=colour, linewidth=3, alpha=0.4, solid_capstyle="butt")
            axes.plot(median, place, "o", markersize=4, color=colour)


def _dots(axes: Axes, facts: list[ImageFacts], values: list[float]) -> None:
    for cell_type, split, place, _ in _lanes(facts):
        own = _of(facts, values, cell_type, split)
        colour = SPLIT_COLOURS[split]
        axes.plot(own, [place] * len(own), "o", markersize=4, alpha=0.6, markeredgewidth=0, color=colour)
