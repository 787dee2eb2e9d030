"""Images with annotations or predictions drawn over them, and their captions."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch

from monolayer.plots.overlay import (
    AGREEMENT,
    overlay_agreement,
    overlay_contours,
    overlay_outlines,
    shrink,
)
from monolayer.plots.style import styled

OUTLINE_COLOUR = (255, 190, 0)
TITLE_HEIGHT = 40  # pixels above an annotated image, for two lines
DRAWN_SIDE = 2048  # pixels: figures take about a hundred bytes for each one drawn
PANEL_WIDTH = 352  # pixels: half of LIVECell's, so that a model's panels stay below 250 KB
CELLS_SIDE = 2 * PANEL_WIDTH  # pixels of an image that are shown at most: at half of them, cells keep a shape
LINE = 15  # pixels from one line of small text to the next
DPI = 100
SMALL = FontProperties(family="DejaVu Sans", size=8)


@styled
def plot_annotations(image: np.ndarray, labels: np.ndarray, title: str, source: str) -> Figure:
    """Draw an image, pixel by pixel, with the outlines of its cells; of a large one the middle alone.

    The pixels of a small one are repeated until it is about as wide as a panel.

    Parameters
    ----------
    image
        uint8 [H, W].
    labels
        uint16 [H, W], 0 is background.
    title, source
        What stands above it, in two lines; there is room for them beside a narrow image.
    """
    height, width = (min(side, DRAWN_SIDE) for side in image.shape)
    part = part_shown(image.shape, (height, width))
    drawn = overlay_contours(middle(image, height, width), middle(labels, height, width), OUTLINE_COLOUR)
    drawn = _enlarged(drawn)
    height, across = drawn.shape[0], max(drawn.shape[1], PANEL_WIDTH)
    figure = Figure(figsize=(across / DPI, (height + TITLE_HEIGHT) / DPI), dpi=DPI)
    figure.figimage(drawn, 0, 0, origin="upper")
    line = 0.5 * TITLE_HEIGHT / (height + TITLE_HEIGHT)
    part = f", {part}" if part else ""
    source = shortened(source, 0.98 * across - _width_of(part)) + part
    small: dict[str, Any] = {"x": 0.005, "va": "center", "fontsize": 8, "parse_math": False}
    figure.text(y=1 - 0.55 * line, s=title, fontweight="bold", **small)
    figure.text(y=1 - 1.5 * line, s=source, color="#444444", **small)
    return figure


@styled
def plot_agreement(title: str, panels: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Draw which pixels of whole images were found, falsely found and missed.

    Parameters
    ----------
    title
        What stands above all panels.
    panels
        By caption: the image, uint8 [H, W], its truth and its prediction, bool [H, W].
    """
    pictures = {}
    for caption, arrays in panels.items():
        pictures[caption] = shrink(overlay_agreement(*arrays), _factor(*arrays[0].shape))
    return _row_of_panels(title, pictures, {name: drawn.strength for name, drawn in AGREEMENT.items()})


@styled
def plot_cells(title: str, panels: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]) -> Figure:
    """Draw the outlines of cells that were found, falsely found and missed.

    Whole images are shown, at half of their size where they are broad; of those that would need less, the
    middle alone, which the caption says.

    Parameters
    ----------
    title
        What stands above all panels.
    panels
        By caption: the image, uint8 [H, W], and the outlines, bool [H, W] by a name of `AGREEMENT`.
    """
    pictures = {}
    for caption, (image, outlines) in panels.items():
        height, width = (min(side, CELLS_SIDE) for side in image.shape)
        shown = {name: middle(outline, height, width) for name, outline in outlines.items()}
        part = part_shown(image.shape, (height, width))
        own = overlay_outlines(middle(image, height, width), shown, _factor(height, width))
        pictures[f"{caption}\n{part or 'the whole image'}"] = own
    return _row_of_panels(title, pictures, dict.fromkeys(AGREEMENT, 1.0))


def middle(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut the middle of an array [H, W, ...]."""
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def part_shown(size: tuple[int, ...], shown: tuple[int, int]) -> str:
    """Say how much of an image is shown, or nothing where it is all; sizes are height and width.

    >>> part_shown((520, 2050), (520, 2048))
    'the middle 2048 x 520 of 2050 x 520 pixels'
    """
    if size == shown:
        return ""
    return f"the middle {shown[1]} x {shown[0]} of {size[1]} x {size[0]} pixels"


def shortened(text: str, width: float) -> str:
    """Leave out the middle of a text that is broader than so many pixels, in small letters.

    >>> shortened("a_long_name_of_a_file.tif", width=80)
    'a_long_…le.tif'
    """
    kept = len(text)
    short = text
    while _width_of(short) > width and kept > 2:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return short


def _width_of(text: str) -> float:
    """Return how broad a line of small text is drawn, in pixels."""
    width, _, _ = RendererAgg(1, 1, DPI).get_text_width_height_descent(text, SMALL, ismath=False)
    return width


def _factor(height: int, width: int) -> int:
    """Return by how much an image is made smaller to be a panel."""
    return min(-(-max(height, width) // PANEL_WIDTH), height, width)


def _row_of_panels(title: str, pictures: dict[str, np.ndarray], strengths: dict[str, float]) -> Figure:
    """Put uint8 [H, W, 3] of any size side by side, pixel by pixel, below their captions."""
    pictures = {caption: _enlarged(picture) for caption, picture in pictures.items()}
    lines = max(len(caption.splitlines()) for caption in pictures)
    tallest = max(len(picture) for picture in pictures.values())
    gap = 14
    width = gap + sum(PANEL_WIDTH + gap for _ in pictures)
    above, below = 30 + lines * LINE, 34
    height = above + tallest + below
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    for number, (caption, picture) in enumerate(pictures.items()):
        left, top = gap + number * (PANEL_WIDTH + gap), height - above
        figure.figimage(picture, left, top - len(picture), origin="upper")
        small: dict[str, Any] = {"fontsize": 8, "va": "bottom", "linespacing": 1.1, "parse_math": False}
        text = "\n".join(shortened(line, PANEL_WIDTH) for line in caption.splitlines())
        figure.text(left / width, (top + 4) / height, text, **small)
    figure.text(gap / width, 1 - 8 / height, title, va="top", fontsize=10, fontweight="bold")
    keys = [Patch(color=AGREEMENT[name].hex_code, alpha=part, label=name) for name, part in strengths.items()]
    figure.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 0), ncols=len(keys))
    return figure


def _enlarged(picture: np.ndarray) -> np.ndarray:
    """Repeat the pixels of a small picture as often as a panel has room for."""
    height, width = picture.shape[:2]
    times = max(1, min(PANEL_WIDTH // width, PANEL_WIDTH // height))
    return picture.repeat(times, axis=0).repeat(times, axis=1)
