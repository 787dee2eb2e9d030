"""Plots of all methods side by side, read back from matplotlib's objects."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from tiny_split import image_score

from monolayer.evaluation.comparison import ComparisonRow, Estimate, compare_methods, scores_by_cell_type
from monolayer.evaluation.image_tables import table_of_threshold
from monolayer.evaluation.methods import method_of
from monolayer.evaluation.settings import CompareSettings
from monolayer.metrics.scores import score_named
from monolayer.plots.comparison import plot_cell_types, plot_differences, plot_ranking, shown_range

SCORES = {
    method: [image_score(method, 1, found, "A172"), image_score(method, 2, found - 5, "BV2")]
    for method, found in {"otsu": 10, "unet": 45, "huang": 20, "vnet": 40}.items()
}
KINDS = {"otsu": "threshold", "unet": "model", "huang": "threshold", "vnet": "model"}
METHODS = [
    method_of(name, table_of_threshold(scores)._replace(kind=KINDS[name])) for name, scores in SCORES.items()
]
ROWS = compare_methods(METHODS, CompareSettings(resamples=50))


def row_labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_ranking_best_at_the_top():
    axes = plot_ranking(ROWS, "dice").axes[0]
    assert row_labels(axes) == [f"{row.method}  {row.letters}" for row in ROWS]
    assert [row.method for row in ROWS] == ["unet", "vnet", "huang", "otsu"]
    assert axes.yaxis_inverted()
    assert dots(axes) == [row.scores["dice"].value for row in ROWS]
    alike = "methods that share a letter cannot be told apart"
    assert axes.get_xlabel() == f"Dice (higher is better)\nof 2 images, with 95 % intervals; {alike}"


def rows_of(score: str, *estimates: tuple[float, float, float]) -> list[ComparisonRow]:
    """Models of these scores, the best first, and their differences to the first."""
    best = estimates[0][0]
    return [
        ROWS[0]._replace(
            method=f"model-{number}",
            kind="model",
            images=16,
            letters="",
            scores={score: Estimate(*own)},
            difference=Estimate(*(end - best for end in own)),
        )
        for number, own in enumerate(estimates)
    ]


STRONG = [(0.968, 0.96, 0.974), (0.965, 0.957, 0.972), (0.95, 0.939, 0.959), (0.949, 0.939, 0.957)]
WEAK = [(0.649, 0.551, 0.735), (0.119, 0.095, 0.145)]


def numbers_beside(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def arrows(axes: Axes) -> list[tuple[int, str]]:
    """The rows that are marked as beyond the axis, and to which side."""
    own = [line for line in axes.lines if line.get_marker() in "<>" and line.get_marker() != "None"]
    return [(int(line.get_ydata()[0]), line.get_marker()) for line in own]


def dots(axes: Axes) -> list[float]:
    return [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]


def test_weak_methods_are_cut_off_and_marked_in_the_ranking():
    axes = plot_ranking(rows_of("dice", *STRONG, *WEAK), "dice").axes[0]
    first, last = axes.get_xlim()
    assert 0.8 < first < 0.939
    assert 0.974 < last < 1
    assert arrows(axes) == [(4, "<"), (5, "<")]
    assert numbers_beside(axes)[4:] == ["0.649  (0.551 to 0.735)", "0.119  (0.095 to 0.145)"]
    assert [text.xy for text in axes.texts] == [(1, row) for row in range(6)]


def test_weak_methods_are_cut_off_and_marked_in_the_differences():
    axes = plot_differences(rows_of("dice", *STRONG, *WEAK), "dice").axes[0]
    first, last = axes.get_xlim()
    assert -0.2 < first < -0.03
    assert 0 < last < 0.05
    assert arrows(axes) == [(4, "<"), (5, "<")]
    assert numbers_beside(axes)[5] == "-0.849  (-0.873 to -0.823)"


@pytest.mark.parametrize("score", ["count_mae", "count_bias"])
def test_where_low_is_better_weak_methods_are_cut_off_at_the_right(score: str):
    ends = [(2.0, 1.0, 3.0), (2.5, 1.5, 3.5), (3.0, 2.0, 4.0), (300.0, 250.0, 350.0)]
    axes = plot_ranking(rows_of(score, *ends), score).axes[0]
    assert axes.get_xlim()[1] < 20
    assert arrows(axes) == [(3, ">")]
    assert numbers_beside(axes)[3] == "300.0  (250.0 to 350.0)"
    direction = {"count_mae": "lower is better", "count_bias": "0 is best"}[score]
    assert f"cells an image ({direction})" in axes.get_xlabel()


def test_methods_on_both_sides_of_the_best_value():
    ends = [(0.5, 0.0, 1.0), (-0.7, -1.2, -0.2), (1.0, 0.5, 1.5), (-90.0, -99.0, -80.0), (95.0, 90.0, 99.0)]
    axes = plot_ranking(rows_of("count_bias", *ends), "count_bias").axes[0]
    assert arrows(axes) == [(3, "<"), (4, ">")]
    assert axes.get_xlim()[0] < -1.2
    assert axes.get_xlim()[1] > 1.5


@pytest.mark.parametrize(
    "ends",
    [
        [(0.9, 0.8, 1.0)],
        [(0.9, 0.89, 0.91), (0.1, 0.0, 0.2)],
        [(0.9, 0.8, 1.0), (0.7, 0.6, 0.8), (0.5, 0.4, 0.6)],
        [(0.9, 0.8, 1.0)] * 5,
        [(0.5, 0.5, 0.5)] * 3,
    ],
)
def test_nothing_is_cut_off_where_all_are_near_or_two(ends: list[tuple[float, float, float]]):
    axes = plot_ranking(rows_of("dice", *ends), "dice").axes[0]
    first, last = axes.get_xlim()
    assert arrows(axes) == []
    assert first < min(low for _, low, _ in ends)
    assert last > max(high for _, _, high in ends)


def test_the_better_half_is_always_seen_whole():
    ends = [(0.9, 0.89, 0.91), (0.5, 0.2, 0.8), (0.4, 0.1, 0.7), (0.3, 0.0, 0.6)]
    low, high = shown_range([Estimate(*own) for own in ends])
    assert low <= 0.2
    assert high >= 0.91


def test_one_weak_method_more_does_not_move_the_axis():
    strong = [Estimate(*own) for own in STRONG]
    before = shown_range([*strong, Estimate(*WEAK[0])])
    assert shown_range([*strong, Estimate(0.4, 0.3, 0.5)]) == before


def test_without_intervals_and_without_values():
    nan = float("nan")
    axes = plot_ranking(rows_of("ap50", (0.9, nan, nan), (0.8, nan, nan), (nan, nan, nan)), "ap50").axes[0]
    assert numbers_beside(axes) == ["0.900", "0.800", "undefined"]
    assert np.isfinite(axes.get_xlim()).all()
    assert axes.get_xlabel() == "AP50 (higher is better)\nof 16 images, without intervals"


def test_no_value_at_all():
    assert shown_range([Estimate(float("nan"), float("nan"), float("nan"))]) == (0, 1)


def test_differences_of_the_models_and_the_best_threshold():
    axes = plot_differences(ROWS, "dice").axes[0]
    assert row_labels(axes) == ["unet", "vnet", "huang"]
    assert axes.get_title(loc="left") == "Difference in Dice to unet"


def test_cell_types_as_shades():
    images, values = scores_by_cell_type(METHODS, ROWS, "dice")
    axes = plot_cell_types("dice", images, values).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["A172\n1", "BV2\n1"]
    assert axes.texts[0].get_text() == f"{2 * 45 / 95:.2f}"
    assert len(axes.texts) == 8


@pytest.mark.parametrize(
    ("score", "best", "worst"), [("dice", 0.9, 0.1), ("count_mae", 1, 30), ("count_bias", -1, 30)]
)
def test_the_lightest_shade_is_the_best(score: str, best: float, worst: float):
    figure = plot_cell_types(score, {"A172": 3, "BV2": 7}, {"unet": np.array([best, worst])})
    (shades,) = figure.axes[0].images
    light, dark = (
        np.mean(shades.cmap(shades.norm(value))[:3]) for value in np.asarray(shades.get_array())[0]
    )
    assert light > dark + 0.1
    assert score_named(score).direction in figure.axes[1].get_ylabel()
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["A172\n3", "BV2\n7"]
    assert "10 images" in figure.axes[0].get_title(loc="left")


def test_an_undefined_score_of_a_cell_type_is_no_shade():
    values = {"unet": np.array([np.nan, 0.5])}
    axes = plot_cell_types("ap50", {"A172": 3, "BV2": 7}, values).axes[0]
    assert [text.get_text() for text in axes.texts] == ["-", "0.50"]


def test_every_axis_has_a_label_and_says_which_way_is_better():
    table = plot_cell_types("dice", {"A172": 1}, {"unet": np.array([0.5])})
    for figure in (plot_ranking(ROWS, "dice"), plot_differences(ROWS, "dice"), table):
        labels = [axes.get_xlabel() for axes in figure.axes[:1]] + [axes.get_ylabel() for axes in figure.axes]
        assert all(labels)
        assert any("higher is better" in label for label in labels)
