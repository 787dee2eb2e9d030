"""Plots of what a data set holds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from monolayer.exploration import ImageFacts
from monolayer.plots.style import SPLIT_COLOURS, axes_grid, no_grid, styled


@styled
def plot_counts(facts: list[ImageFacts]) -> Figure:
    """Draw the number of images and of cells by cell type, one bar for each split."""
    figure, ((left, right),) = axes_grid(1, 2, width=8, height=_height(facts))
    _bars(left, facts, [1] * len(facts))
    _bars(right, facts, [len(fact.areas) for fact in facts])
    left.set(title="Images", xlabel="number of images")
    right.set(title="Cells", xlabel="number of annotated cells")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_yticklabels([])
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper")
    return figure


@styled
def plot_distributions(facts: list[ImageFacts]) -> Figure:
    """Draw the cells' areas (median and 10 to 90 %) and each image's confluence by cell type and split."""
    figure, ((left, right),) = axes_grid(1, 2, width=8, height=_height(facts))
    _ranges(left, facts, [fact.areas for fact in facts])
    _dots(right, facts, [100 * fact.confluence for fact in facts])
    left.set(title="Area of cells", xlabel="pixels: median, and 10 to 90 %", xscale="log")
    left.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    left.xaxis.set_minor_locator(NullLocator())
    right.set(title="Confluence of images", xlabel="%: each image", xlim=(0, 100))
    right.set_yticklabels([])
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper")
    return figure


def _height(facts: list[ImageFacts]) -> float:
    return 1.2 + 0.36 * len({fact.cell_type for fact in facts})


def _lanes(axes: Axes, facts: list[ImageFacts]) -> list[tuple[str, str, float, float]]:
    """Lay out one lane for each cell type and split: type, split, place and thickness; label the axis."""
    cell_types = sorted({fact.cell_type for fact in facts})
    splits = list(dict.fromkeys(fact.split for fact in facts))
    axes.set_yticks(range(len(cell_types)), cell_types)
    axes.set_ylim(len(cell_types) - 0.5, -0.5)
    no_grid(axes, "y")
    step = 0.75 / len(splits)
    return [
        (cell_type, split, row + (index - (len(splits) - 1) / 2) * step, 0.85 * step)
        for index, split in enumerate(splits)
        for row, cell_type in enumerate(cell_types)
    ]


def _bars(axes: Axes, facts: list[ImageFacts], numbers: list[int]) -> None:
    for cell_type, split, place, thickness in _lanes(axes, facts):
        total = sum(
            n for n, f in zip(numbers, facts, strict=True) if (f.cell_type, f.split) == (cell_type, split)
        )
        axes.barh(place, total, thickness, color=SPLIT_COLOURS[split], label=_once(axes, split))


def _ranges(axes: Axes, facts: list[ImageFacts], values: list[np.ndarray]) -> None:
    for cell_type, split, place, _ in _lanes(axes, facts):
        own = [v for v, f in zip(values, facts, strict=True) if (f.cell_type, f.split) == (cell_type, split)]
        if not own or not np.concatenate(own).size:
            continue
        low, median, high = np.percentile(np.concatenate(own), [10, 50, 90])
        colour = SPLIT_COLOURS[split]
        axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.4, solid_capstyle="butt")
        axes.plot(median, place, "o", markersize=4, color=colour, label=_once(axes, split))


def _dots(axes: Axes, facts: list[ImageFacts], values: list[float]) -> None:
    for cell_type, split, place, _ in _lanes(axes, facts):
        own = [v for v, f in zip(values, facts, strict=True) if (f.cell_type, f.split) == (cell_type, split)]
        axes.plot(
            own,
            [place] * len(own),
            "o",
            markersize=4,
            alpha=0.6,
            markeredgewidth=0,
            color=SPLIT_COLOURS[split],
        )


def _once(axes: Axes, label: str) -> str | None:
    return None if label in axes.get_legend_handles_labels()[1] else label
