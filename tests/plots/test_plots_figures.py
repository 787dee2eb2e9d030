"""What the figures show, read back from matplotlib's objects."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from tiny_split import image, image_score

from monolayer.baseline.scoring import baseline_metrics
from monolayer.exploration.summary import ImageFacts
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.baseline import plot_baseline
from monolayer.plots.cells import plot_cell_curves, plot_recall
from monolayer.plots.dataset import plot_counts, plot_distributions
from monolayer.plots.history import plot_histories

SCORES = {
    method: [image_score(method, 1, found, "A172"), image_score(method, 2, found - 5, "BV2")]
    for method, found in {"otsu": 10, "unet": 45, "huang": 20, "vnet": 40}.items()
}
FACTS = [
    ImageFacts("train", image(1, "A172"), "A172", np.array([100.0, 200.0]), 0.4),
    ImageFacts("train", image(2, "BV2"), "BV2", np.array([50.0]), 0.2),
    ImageFacts("test", image(3, "A172"), "A172", np.array([]), 0.1),
]


def row_labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


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
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["sgd: 0.600, epoch 2", "adam: 0.900, epoch 1"]


def test_histories_are_all_drawn_however_many():
    histories = {str(number): pd.Series({1: 0.5}) for number in range(20)}
    figure = plot_histories("Many", histories)
    assert len(figure.axes[0].lines) == 2 * 20
    assert len({(line.get_color(), line.get_marker()) for line in figure.axes[0].lines}) == 20


FIGURES = {
    "baseline": lambda: plot_baseline(baseline_metrics(SCORES["otsu"], "dark")),
    "confluence": lambda: plot_confluence("unet", SCORES["unet"]),
    "counts": lambda: plot_counts(FACTS),
    "distributions": lambda: plot_distributions(FACTS),
    "histories": lambda: plot_histories("one", {"unet": pd.Series({1: 0.5})}),
    "recall": lambda: plot_recall("unet", {"iou": np.array([0.0, 1.0]), "recall": np.array([1.0, 0.0])}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_has_a_label(name: str):
    for axes in FIGURES[name]().axes:
        assert axes.get_xlabel() or not [tick for tick in axes.get_xticklabels() if tick.get_text()]
        assert axes.get_ylabel() or not [tick for tick in axes.get_yticklabels() if tick.get_text()]


@pytest.mark.parametrize("name", ["baseline", "histories", "recall"])
def test_axes_of_scores_say_which_way_is_better(name: str):
    figure = FIGURES[name]()
    assert any(
        "is better" in label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel())
    )


def test_the_legend_of_many_cell_types_lies_beside_the_plots():
    scores = [image_score("unet", number, 25, f"a long type {number}") for number in range(40)]
    figure = plot_confluence("unet", scores)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    legend = figure.legends[0].get_window_extent()
    assert len(figure.legends[0].get_texts()) == 40
    assert legend.y0 >= 0
    assert legend.y1 <= canvas.get_width_height()[1]
    assert not any(legend.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_a_set_without_cells_is_drawn():
    facts = [ImageFacts("test", image(1, "A172"), "A172", np.array([]), np.nan)]
    left, right = plot_counts(facts).axes
    assert (left.get_xlim()[1], right.get_xlim()[1]) == (pytest.approx(1.05), 1)
    assert [line.get_xdata().size for line in plot_distributions(facts).axes[1].lines] == [1]
