"""Images with annotations or predictions drawn over them, and their captions."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from monolayer.plots.overlay import (
    AGREEMENT,
    overlay_agreement,
    overlay_contours,
    overlay_outlines,
    shrink,
)
from monolayer.plots.style import axes_grid, styled

OUTLINE_COLOUR = (255, 190, 0)
TITLE_HEIGHT = 40  # pixels above an annotated image, for two lines
DRAWN_SIDE = 2048  # pixels: figures take about a hundred bytes for each one drawn
PANEL_WIDTH = 352  # pixels: half of LIVECell's, so that a model's panels stay below 250 KB


@styled
def plot_annotations(image: np.ndarray, labels: np.ndarray, title: str, source: str) -> Figure:
    """Draw an image, pixel by pixel, with the outlines of its cells; of a large one the middle alone.

    Parameters
    ----------
    image
        uint8 [H, W].
    labels
        uint16 [H, W], 0 is background.
    title, source
        What stands above it, in two lines: an image may be narrow.
    """
    height, width = (min(side, DRAWN_SIDE) for side in image.shape)
    if (height, width) != image.shape:
        source += f", the middle {width} x {height} of {image.shape[1]} x {image.shape[0]} pixels"
        image, labels = _middle(image, height, width), _middle(labels, height, width)
    figure = Figure(figsize=(width / 100, (height + TITLE_HEIGHT) / 100), dpi=100)
    figure.figimage(overlay_contours(image, labels, OUTLINE_COLOUR), 0, 0, origin="upper")
    line = 0.5 * TITLE_HEIGHT / (height + TITLE_HEIGHT)
    figure.text(0.005, 1 - 0.55 * line, title, va="center", fontsize=8, fontweight="bold")
    figure.text(0.005, 1 - 1.5 * line, source, va="center", fontsize=8, color="#444444")
    return figure


@styled
def plot_agreement(title: str, panels: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Draw what was found, falsely found and missed.

    Parameters
    ----------
    title
        What stands above all panels.
    panels
        By caption: the image, uint8 [H, W], its truth and its prediction, bool [H, W].
    """
    pictures = {
        caption: shrink(overlay_agreement(*arrays), PANEL_WIDTH) for caption, arrays in panels.items()
    }
    keys = [
        Patch(color=drawn.hex_code, alpha=drawn.strength, label=name) for name, drawn in AGREEMENT.items()
    ]
    return _row_of_panels(title, pictures, keys)


@styled
def plot_cells(title: str, panels: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]) -> Figure:
    """Draw the outlines of cells that were found, falsely found and missed, in the middle of images.

    Parameters
    ----------
    title
        What stands above all panels.
    panels
        By caption: the image, uint8 [H, W], and the outlines, bool [H, W] by a name of `AGREEMENT`.
    """
    pictures = {caption: middle(overlay_outlines(*arrays)) for caption, arrays in panels.items()}
    keys = [Patch(color=drawn.hex_code, label=name) for name, drawn in AGREEMENT.items()]
    return _row_of_panels(title, pictures, keys)


def middle(picture: np.ndarray) -> np.ndarray:
    """Cut the middle of a picture [H, W, 3], as wide as a panel and in its proportions."""
    height, width = picture.shape[:2]
    wide = min(PANEL_WIDTH, width)
    return _middle(picture, max(1, round(wide * height / width)), wide)


def _middle(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def _row_of_panels(title: str, pictures: dict[str, np.ndarray], keys: list[Patch]) -> Figure:
    figure, axes = axes_grid(1, len(pictures), width=3.6 * len(pictures), height=3.3)
    for place, (caption, picture) in zip(axes.flat, pictures.items(), strict=True):
        place.imshow(picture, interpolation="nearest")
        place.set_title(caption, fontsize=8, fontweight="normal")
        place.axis("off")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure
