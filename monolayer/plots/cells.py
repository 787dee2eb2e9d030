"""How well cells are found: over the IoU that is asked for, over their score, and by number."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monolayer.plots.style import DOTS, GREY, PALETTE, axes_grid, legend_beside, looks_of, styled, titled

MEANINGS = {"precision": "precision", "recall": "recall", "accuracy": "accuracy: TP / (TP + FP + FN)"}
"""How the curves over the IoU are called."""
LEGIBLE: dict[str, Any] = {"frameon": True, "framealpha": 0.8, "edgecolor": "none", "fontsize": 8}
"""Of legends that may lie over curves."""


@styled
def plot_cell_curves(
    title: str,
    over_iou: dict[str, np.ndarray],
    over_score: dict[str, np.ndarray],
    counts: dict[str, np.ndarray],
) -> Figure:
    """Draw three plots side by side.

    Parameters
    ----------
    title
        What stands above them.
    over_iou
        As `accuracy_curves` returns them.
    over_score
        ``recall``, and the precision at it by the IoU's name, float64 [101] each.
    counts
        ``cell_type``, and ``true`` and ``predicted`` number of cells, of each image.
    """
    figure, ((left, middle, right),) = axes_grid(1, 3, width=11.5, height=3.6)
    _draw_over_iou(left, over_iou)
    _draw_over_score(middle, over_score)
    _draw_counts(right, counts)
    titled(figure, title)
    legend_beside(figure, right)
    return figure


@styled
def plot_recall(title: str, over_iou: dict[str, np.ndarray]) -> Figure:
    """Draw what can be drawn of partial truth: ``recall`` at each ``iou``, float64 [21] each."""
    figure, ((axes,),) = axes_grid(1, 1, width=4, height=3.6)
    _draw_over_iou(axes, over_iou)
    titled(figure, title)
    return figure


def _draw_over_iou(axes: Axes, curves: dict[str, np.ndarray]) -> None:
    for name, colour in zip(MEANINGS, PALETTE, strict=False):
        if name in curves:
            axes.plot(curves["iou"], curves[name], color=colour, label=MEANINGS[name])
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="IoU from which a cell counts as found")
    axes.set_ylabel("fraction of cells (higher is better)")
    axes.set_title("cells found, over the IoU")
    axes.legend(**LEGIBLE)


def _draw_over_score(axes: Axes, curves: dict[str, np.ndarray]) -> None:
    names = [name for name in curves if name != "recall"]
    for name, colour in zip(names, PALETTE, strict=False):
        axes.plot(curves["recall"], curves[name], color=colour, label=name.replace("_", " "))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall (higher is better)")
    axes.set_ylabel("precision (higher is better)")
    axes.set_title("cells found, over their scores")
    axes.legend(**LEGIBLE)


def _draw_counts(axes: Axes, counts: dict[str, np.ndarray]) -> None:
    types, true, predicted = counts["cell_type"], counts["true"], counts["predicted"]
    limit = 1.05 * max(true.max(), predicted.max(), 1)
    axes.plot([0, limit], [0, limit], color=GREY, linewidth=1, zorder=1)
    for name, look in looks_of(types.tolist()).items():
        own = types == name
        axes.scatter(true[own], predicted[own], **look, **DOTS, label=name)
    axes.set(xlim=(0, limit), ylim=(0, limit))
    axes.set(xlabel="true cells in an image", ylabel="predicted cells in it")
    axes.set_aspect("equal")
    axes.set_title("number of cells (the line is best)")
