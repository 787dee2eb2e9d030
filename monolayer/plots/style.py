"""The look of all plots, and how they become files.

Figures are built through matplotlib's objects: pyplot costs a second to import and keeps global state.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so text looks the same everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
}

# Twelve colours of which each pair is at least 25 apart in CIELAB, on white, for all kinds of colour vision.
# They begin with two of Okabe and Ito's; the first three serve where there are no markers.
PALETTE = (
    "#0072B2", "#E69F00", "#000011", "#9911FF", "#884455", "#770000", "#55EE88", "#001199",
    "#CC5533", "#440055", "#AA99AA", "#99BBFF",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "<", "X")
GREY = "#888888"
"""Of lines that say where values would be equal."""
LEGEND_LINE = 0.21
"""Inches from one entry of a legend to the next."""
DOTS: dict[str, Any] = {"s": 36, "linewidths": 0.5, "edgecolors": "white"}
"""How images are drawn in scatter plots."""
KIND_COLOURS = {"model": PALETTE[0], "threshold": "#b0b0b0"}
SPLIT_COLOURS = {"train": "#7F7F7F", "val": PALETTE[1], "test": PALETTE[0]}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Call a function in this style, whatever the user's own settings are."""
    return matplotlib.style.context(["default", STYLE])(draw)


def looks_of(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Give each name its ``color`` and ``marker``, in the order of the sorted names; 24 of them differ.

    >>> looks_of(["BV2", "A172"])
    {'A172': {'color': '#0072B2', 'marker': 'o'}, 'BV2': {'color': '#E69F00', 'marker': 's'}}
    """
    return {
        name: {"color": PALETTE[index % len(PALETTE)], "marker": MARKERS[index % len(MARKERS)]}
        for index, name in enumerate(sorted(set(names)))
    }


def number_of(count: int, noun: str) -> str:
    """Return a number of things in words.

    >>> number_of(1, "image"), number_of(2000, "image")
    ('1 image', '2,000 images')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def axes_grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Return a figure of `width` x `height` inches and its axes, [rows, columns]."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, squeeze=False)


def titled(figure: Figure, title: str) -> None:
    """Put a title above all axes of a figure."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")


def legend_beside(figure: Figure, axes: Axes, title: str | None = None) -> None:
    """Put the legend of some axes to the right of all, and make the figure wide enough for its columns."""
    handles, labels = axes.get_legend_handles_labels()
    lines = int(figure.get_figheight() / LEGEND_LINE) - 2
    columns = -(-len(labels) // lines)
    longest = max(map(len, labels))
    figure.set_figwidth(figure.get_figwidth() + (columns - 1) * (0.5 + 0.08 * longest))
    figure.legend(handles, labels, loc="outside right upper", ncols=columns, title=title)


def no_grid(axes: Axes, axis: Literal["x", "y"]) -> None:
    """Remove the grid lines that would only repeat the labels of one axis, ``x`` or ``y``."""
    axes.grid(visible=False, axis=axis)
    axes.tick_params(axis=axis, length=0)


@styled  # matplotlib makes some of a figure's parts, such as the labels of ticks, when it draws them
def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG of 256 colours, without date or program name; folders are made."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # An octree merges a microscope's noise, which would fill Git, and keeps the colours of a few pixels,
    # which a median cut gives up.
    picture = picture.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
