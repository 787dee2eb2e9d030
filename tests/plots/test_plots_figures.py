"""What the figures show, read back from matplotlib's objects."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from tiny_split import image, image_score

from monolayer.baseline.scoring import baseline_metrics
from monolayer.evaluation.comparison import compare_methods, scores_by_cell_type
from monolayer.evaluation.image_tables import table_of_threshold
from monolayer.evaluation.methods import method_of
from monolayer.evaluation.settings import CompareSettings
from monolayer.exploration.summary import ImageFacts
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.baseline import plot_baseline
from monolayer.plots.cells import plot_cell_curves
from monolayer.plots.comparison import plot_cell_types, plot_differences, plot_ranking
from monolayer.plots.dataset import plot_counts, plot_distributions
from monolayer.plots.history import plot_histories
from monolayer.plots.overlay import AGREEMENT
from monolayer.plots.panels import (
    OUTLINE_COLOUR,
    PANEL_WIDTH,
    TITLE_HEIGHT,
    plot_agreement,
    plot_annotations,
    plot_cells,
)

SCORES = {
    method: [image_score(method, 1, found, "A172"), image_score(method, 2, found - 5, "BV2")]
    for method, found in {"otsu": 10, "unet": 45, "huang": 20, "vnet": 40}.items()
}
KINDS = {"otsu": "threshold", "unet": "model", "huang": "threshold", "vnet": "model"}
METHODS = [
    method_of(name, table_of_threshold(scores)._replace(kind=KINDS[name])) for name, scores in SCORES.items()
]
ROWS = compare_methods(METHODS, CompareSettings(resamples=50))
FACTS = [
    ImageFacts("train", image(1, "A172"), "A172", np.array([100.0, 200.0]), 0.4),
    ImageFacts("train", image(2, "BV2"), "BV2", np.array([50.0]), 0.2),
    ImageFacts("test", image(3, "A172"), "A172", np.array([]), 0.1),
]


def row_labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_ranking_best_at_the_top():
    axes = plot_ranking(ROWS, "dice").axes[0]
    assert row_labels(axes) == ["unet", "vnet", "huang", "otsu"]
    assert axes.yaxis_inverted()
    means = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    assert means == [row.scores["dice"].value for row in ROWS]


def test_differences_of_the_models_and_the_best_threshold():
    axes = plot_differences(ROWS, "dice").axes[0]
    assert row_labels(axes) == ["unet", "vnet", "huang"]
    assert axes.get_title(loc="left") == "Difference in Dice to unet"


def test_cell_types_as_shades():
    axes = plot_cell_types("dice", *scores_by_cell_type(METHODS, ROWS, "dice")).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["A172", "BV2"]
    assert axes.texts[0].get_text() == f"{2 * 45 / 95:.2f}"
    assert len(axes.texts) == 8


def test_baseline_best_at_the_top():
    both = [score for method in ("otsu", "huang") for score in SCORES[method]]
    axes = plot_baseline(baseline_metrics(both, "dark")).axes[0]
    assert row_labels(axes) == ["otsu", "huang"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(
        [(20 / 60 + 10 / 55) / 2, (40 / 70 + 30 / 65) / 2]
    )


def test_confluence_of_each_image():
    left, right = plot_confluence("unet", SCORES["unet"]).axes
    assert [dots.get_offsets().tolist() for dots in left.collections] == [[[50, 45]], [[50, 40]]]
    assert right.collections[0].get_offsets().tolist() == [[47.5, -5]]
    assert left.get_title(loc="left") == "RMSE 7.9 percentage points"


def test_counts_of_images_and_cells():
    left, right = plot_counts(FACTS).axes
    assert row_labels(left) == ["A172", "BV2"]
    assert sorted(bar.get_width() for bar in left.patches) == [0, 1, 1, 1]
    assert sorted(bar.get_width() for bar in right.patches) == [0, 0, 1, 2]


def test_distributions_leave_out_what_has_no_cells():
    left, right = plot_distributions(FACTS).axes
    medians = [line.get_xdata()[0] for line in left.lines if len(line.get_xdata()) == 1]
    assert medians == [150, 50]
    assert [line.get_xdata().tolist() for line in right.lines] == [[40], [20], [10], []]


def test_annotated_image_is_drawn_pixel_by_pixel():
    labels = np.zeros((60, 80), dtype=np.uint16)
    labels[10:20, 30:50] = 1
    figure = plot_annotations(np.full((60, 80), 9, dtype=np.uint8), labels, "A172: 1 cell", "a.tif")
    assert tuple(figure.get_size_inches() * figure.dpi) == (80, 60 + TITLE_HEIGHT)
    assert figure.images[0].get_array().shape == (60, 80, 3)
    assert [text.get_text() for text in figure.texts] == ["A172: 1 cell", "a.tif"]


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
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["best", "worst"]
    assert figure.axes[0].images[0].get_array().shape == (52, PANEL_WIDTH, 3)


def test_cell_panels_show_the_middle_in_full_size():
    image = np.full((520, 704), 128, dtype=np.uint8)
    outline = np.zeros((520, 704), dtype=bool)
    outline[260, 352] = True
    figure = plot_cells("unet", {"best": (image, {"missed": outline})})
    (axes,) = figure.axes
    picture = np.asarray(axes.images[0].get_array())
    assert picture.shape == (260, PANEL_WIDTH, 3)
    assert picture[130, 176].tolist() == list(AGREEMENT["missed"].colour)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["found", "false", "missed"]


def test_curves_and_numbers_of_cells():
    half = np.array([1.0, 0.5])
    over_iou = {"iou": np.array([0.0, 1.0]), **dict.fromkeys(("precision", "recall", "accuracy"), half)}
    over_score = {"recall": np.array([0.0, 1.0]), "IoU_0.50": half}
    counts = {
        "cell_type": np.array(["BV2", "A172"]),
        "true": np.array([10, 4]),
        "predicted": np.array([8, 5]),
    }
    left, middle, right = plot_cell_curves("unet", over_iou, over_score, counts).axes
    assert [line.get_xydata().tolist() for line in left.lines] == [[[0, 1], [1, 0.5]]] * 3
    assert [text.get_text() for text in middle.get_legend().get_texts()] == ["IoU 0.50"]
    assert [dots.get_offsets().tolist() for dots in right.collections] == [[[4, 5]], [[10, 8]]]


def test_histories_mark_the_best_epoch_of_each_training():
    histories = {"sgd": pd.Series({1: 0.5, 2: 0.6}), "adam": pd.Series({1: 0.9, 2: 0.8, 3: 0.7})}
    figure = plot_histories("Optimisers", histories)
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert lines == [[[1, 0.5], [2, 0.6]], [[2, 0.6]], [[1, 0.9], [2, 0.8], [3, 0.7]], [[1, 0.9]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["sgd (0.600)", "adam (0.900)"]


def test_histories_are_all_drawn_however_many():
    histories = {str(number): pd.Series({1: 0.5}) for number in range(20)}
    assert len(plot_histories("Many", histories).axes[0].lines) == 2 * 20
