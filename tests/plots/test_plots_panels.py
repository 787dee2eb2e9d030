"""Images with annotations and predictions over them, read back from matplotlib's objects."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monolayer.plots.overlay import AGREEMENT
from monolayer.plots.panels import (
    OUTLINE_COLOUR,
    PANEL_WIDTH,
    TITLE_HEIGHT,
    plot_agreement,
    plot_annotations,
    plot_cells,
)


def texts_within(figure: Figure) -> bool:
    """Whether all titles of a figure are drawn inside of it, none over another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent() for text in figure.texts]
    width, height = canvas.get_width_height()
    inside = all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes)
    return inside and not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_annotated_image_is_drawn_pixel_by_pixel():
    labels = np.zeros((400, 700), dtype=np.uint16)
    labels[10:20, 30:50] = 1
    figure = plot_annotations(np.full((400, 700), 9, dtype=np.uint8), labels, "A172: 1 cell", "a.tif")
    assert FigureCanvasAgg(figure).get_width_height() == (700, 400 + TITLE_HEIGHT)
    assert figure.images[0].get_array().shape == (400, 700, 3)
    assert [text.get_text() for text in figure.texts] == ["A172: 1 cell", "a.tif"]


def test_a_small_annotated_image_is_enlarged_and_its_title_has_room():
    labels = np.zeros((60, 80), dtype=np.uint16)
    labels[10:20, 30:50] = 1
    source = "train, A172_Phase_C4_1_02d00h00m_1.tif"
    figure = plot_annotations(np.full((60, 80), 9, dtype=np.uint8), labels, "A172: 1 cell", source)
    picture = np.asarray(figure.images[0].get_array())
    assert picture.shape == (240, 320, 3)
    assert (picture[::4, ::4] == OUTLINE_COLOUR).all(axis=2).sum() == 56
    assert figure.texts[1].get_text() == source
    assert texts_within(figure)


def test_of_a_large_annotated_image_the_middle_is_drawn():
    labels = np.zeros((60, 2050), dtype=np.uint16)
    labels[:, :1], labels[20, 1000] = 1, 2
    figure = plot_annotations(np.full((60, 2050), 9, dtype=np.uint8), labels, "A172: 2 cells", "a.tif")
    picture = np.asarray(figure.images[0].get_array())
    assert picture.shape == (60, 2048, 3)
    assert np.argwhere((picture == OUTLINE_COLOUR).all(axis=2)).tolist() == [[20, 999]]
    assert figure.texts[1].get_text() == "a.tif, the middle 2048 x 60 of 2050 x 60 pixels"


def test_agreement_panels_are_shrunk():
    masks = np.ones((104, 704), dtype=bool)
    figure = plot_agreement(
        "unet", {name: (masks.astype(np.uint8), masks, masks) for name in ("best", "worst")}
    )
    assert [text.get_text() for text in figure.texts] == ["best", "worst", "unet"]
    assert figure.images[0].get_array().shape == (52, PANEL_WIDTH, 3)


def test_agreement_panels_of_a_tall_image_and_of_a_line():
    for shape, expected in (((2000, 300), (333, 50)), ((3, 4000), (1, 1333))):
        masks = np.ones(shape, dtype=bool)
        figure = plot_agreement("unet", {"best": (masks.astype(np.uint8), masks, masks)})
        assert figure.images[0].get_array().shape == (*expected, 3)


def panel_of_cells(height: int, width: int) -> Figure:
    image = np.full((height, width), 128, dtype=np.uint8)
    outline = np.zeros((height, width), dtype=bool)
    outline[height // 2, width // 2] = True
    return plot_cells("unet", {"best: F1 0.5\na.tif": (image, {"missed": outline})})


@pytest.mark.parametrize(
    ("size", "drawn", "part"),
    [
        ((520, 704), (260, 352), "the whole image"),
        ((300, 200), (300, 200), "the whole image"),
        ((32, 64), (160, 320), "the whole image"),
        ((1040, 1388), (352, 352), "the middle 704 x 704 of 1388 x 1040 pixels"),
        ((520, 1408), (260, 352), "the middle 704 x 520 of 1408 x 520 pixels"),
    ],
)
def test_cell_panels_say_what_part_they_show(size: tuple[int, int], drawn: tuple[int, int], part: str):
    figure = panel_of_cells(*size)
    picture = np.asarray(figure.images[0].get_array())
    assert picture.shape == (*drawn, 3)
    assert figure.texts[0].get_text().splitlines() == ["best: F1 0.5", "a.tif", part]
    assert picture[drawn[0] // 2, drawn[1] // 2].tolist() == list(AGREEMENT["missed"].colour)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["found", "false", "missed"]


def test_panels_are_drawn_pixel_by_pixel():
    noise = np.random.default_rng(0).integers(0, 256, (300, 352), dtype=np.uint8)
    figure = plot_cells("unet", {"best": (noise, {})})
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    left, bottom = figure.images[0].ox, figure.images[0].oy
    top = drawn.shape[0] - bottom - 300
    own = drawn[top : top + 300, left : left + 352]
    assert np.array_equal(own, np.asarray(figure.images[0].get_array()))


def test_captions_of_panels_have_room():
    name = "SKOV3_Phase_W4_1_00d16h00m_1" * 4
    caption = f"worst: F1 0.228, 1234 true and 1234 predicted cells\n$WW{name}WW$.tif"
    image = np.zeros((64, 64), dtype=np.uint8)
    panels = {f"{place} {caption}": (image, {}) for place in ("best", "median", "worst")}
    figure = plot_cells("unet on 16 cleaned test images: best, median and worst", panels)
    assert texts_within(figure)
    assert figure.texts[0].get_text().splitlines()[1].endswith("m_1WW$.tif")
