"""The look of all plots, and how they become files.

Figures are built through matplotlib's objects: pyplot costs a second to import and keeps global state.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

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

# Okabe and Ito's palette, told apart by the colour-blind; after them come lighter and darker ones.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000", "#F0E442",
    "#7F7F7F", "#004C78", "#8C6100", "#00593F",
)  # fmt: skip
SPLIT_COLOURS = {"train": PALETTE[8], "val": PALETTE[1], "test": PALETTE[0]}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Call a function in this style, whatever the user's own settings are."""
    return matplotlib.style.context(["default", STYLE])(draw)


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """Give each name its colour, in the order of the sorted names.

    >>> colours_of(["BV2", "A172"])
    {'A172': '#0072B2', 'BV2': '#E69F00'}
    """
    ordered = sorted(set(names))
    return {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(ordered)}


def axes_grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Return a figure of `width` x `height` inches and its axes, [rows, columns]."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, squeeze=False)


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
