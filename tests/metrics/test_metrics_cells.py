"""The scores of a set of images' cells, against slow and plain computations."""

import numpy as np
import pytest
from drawn_cells import DrawnImage, drawn_image, drawn_labels, masks_of

from monolayer.metrics.cells import (
    CellCounts,
    accuracy_curves,
    cell_ratios,
    count_cells,
    ratios_of_size,
    stack_images,
)
from monolayer.metrics.detected_cells import size_class
from monolayer.metrics.matching import match

IMAGES = [drawn_image(seed, cells) for seed, cells in enumerate((14, 6, 25))]
EXACT = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def counts_of(*images: DrawnImage) -> CellCounts:
    return stack_images(
        count_cells(
            drawn.overlap,
            size_class(drawn.overlap.true_areas),
            size_class(drawn.overlap.predicted_areas),
            np.array([3, 4, 2, 4]),
        )
        for drawn in images
    )


def score(name: str, *images: DrawnImage) -> float:
    return float(cell_ratios(counts_of(*images))[name].value())


def agreed(drawn: DrawnImage, threshold: float) -> tuple[int, int, int]:
    """True positives, false positives, false negatives."""
    matched = len(match(drawn.overlap, threshold))
    return matched, len(drawn.prediction) - matched, len(drawn.truth) - matched


@pytest.mark.parametrize(("name", "threshold"), [("25", 0.25), ("50", 0.5), ("75", 0.75)])
def test_precision_recall_and_f1_are_of_all_cells_together(name, threshold):
    tp, fp, fn = np.sum([agreed(drawn, threshold) for drawn in IMAGES], axis=0)
    assert score(f"precision_{name}", *IMAGES) == pytest.approx(tp / (tp + fp))
    assert score(f"recall_{name}", *IMAGES) == pytest.approx(tp / (tp + fn))
    assert score(f"f1_{name}", *IMAGES) == pytest.approx(2 * tp / (2 * tp + fp + fn))


def test_mean_segmentation_accuracy_is_a_mean_over_iou_and_images():
    by_image = [
        np.mean([tp / (tp + fp + fn) for tp, fp, fn in (agreed(d, t) for t in EXACT)]) for d in IMAGES
    ]
    assert score("msa", *IMAGES) == pytest.approx(np.mean(by_image))
    halves = [tp / (tp + fp + fn) for tp, fp, fn in (agreed(drawn, 0.5) for drawn in IMAGES)]
    assert score("sa_50", *IMAGES) == pytest.approx(np.mean(halves))


def sartorius(iou: np.ndarray) -> np.ndarray:
    """TP, FP, FN above each threshold, [10, 3], as the competition's notebooks count them."""
    rows = []
    for threshold in EXACT:
        matches = iou > threshold
        true, false, missed = matches.sum(axis=0) == 1, matches.sum(axis=0) == 0, matches.sum(axis=1) == 0
        rows.append([true.sum(), false.sum(), missed.sum()])
    return np.array(rows)


def test_sartorius_by_image_and_pooled():
    # Without overlaps, as in the competition, where no cell matches two others above 0.5.
    labels = [drawn_labels(seed, 20) for seed in range(3)]
    images = [DrawnImage(masks_of(t), masks_of(p), np.zeros(p.max())) for t, p in labels]
    counted = np.stack([sartorius(drawn.iou) for drawn in images])
    by_image = counted[..., 0] / counted.sum(axis=2)
    pooled = counted.sum(axis=0)
    assert score("sartorius", *images) == pytest.approx(by_image.mean())
    assert score("sartorius_pooled", *images) == pytest.approx((pooled[:, 0] / pooled.sum(axis=1)).mean())


def test_panoptic_quality_is_detection_times_segmentation():
    labels = [drawn_labels(seed, 20) for seed in range(3)]
    images = [DrawnImage(masks_of(t), masks_of(p), np.zeros(p.max())) for t, p in labels]
    above = [drawn.iou[drawn.iou > 0.5] for drawn in images]
    tp = sum(map(len, above))
    both = sum(len(drawn.truth) + len(drawn.prediction) for drawn in images)
    assert score("pq", *images) == pytest.approx(2 * sum(map(sum, above)) / both)
    assert score("dq", *images) == pytest.approx(2 * tp / both)
    assert score("pq", *images) == pytest.approx(score("sq", *images) * score("dq", *images))


def test_numbers_of_cells():
    errors = [len(drawn.prediction) - len(drawn.truth) for drawn in IMAGES]
    assert score("count_bias", *IMAGES) == pytest.approx(np.mean(errors))
    assert score("count_mae", *IMAGES) == pytest.approx(np.mean(np.abs(errors)))
    relative = sum(map(abs, errors)) / sum(len(drawn.truth) for drawn in IMAGES)
    assert score("count_relative_error", *IMAGES) == pytest.approx(relative)


def empty(truth: int, prediction: int) -> DrawnImage:
    one = IMAGES[0]
    return DrawnImage(one.truth[:truth], one.prediction[:prediction], one.scores[:prediction])


ERRORS = ("count_mae", "count_bias", "count_relative_error")


def test_nothing_against_nothing_is_perfect():
    counts = counts_of(empty(0, 0))._replace(boundary=np.zeros((1, 4), dtype=int))
    for name, ratio in cell_ratios(counts).items():
        assert ratio.value() == (0 if name in ERRORS else 1), name


@pytest.mark.parametrize("image", [empty(2, 0), empty(0, 2)])
def test_nothing_against_something_is_worthless(image):
    counts = counts_of(image)._replace(boundary=np.array([[0, 9, 0, 0]]))
    for name, ratio in cell_ratios(counts).items():
        if name not in ERRORS:
            assert ratio.value() == 0, name
    assert score("count_mae", image) == 2
    assert score("count_relative_error", image) == 1


def test_every_score_of_the_truth_itself_is_perfect():
    masks = [masks_of(drawn_labels(seed)[0]) for seed in range(2)]
    images = [DrawnImage(own, own, np.ones(len(own))) for own in masks]
    counts = counts_of(*images)._replace(boundary=np.full((2, 4), 9))
    for name, ratio in cell_ratios(counts).items():
        assert ratio.value() == pytest.approx(0 if name in ERRORS else 1), name


def test_sizes_divide_the_cells_among_them():
    counts = counts_of(*IMAGES)
    whole = counts.matched.sum(axis=(0, 1))[10]
    parts = [ratios_of_size(counts, size)["recall_50"] for size in range(3)]
    assert sum(part.numerator.sum() for part in parts) == whole
    assert sum(part.denominator.sum() for part in parts) == sum(len(drawn.truth) for drawn in IMAGES)


def test_images_without_cells_of_a_size_do_not_count_in_its_mean():
    small = DrawnImage(
        *(np.pad(np.ones((1, 5, 5), bool), ((0, 0), (0, 85), (0, 105))) for _ in "ab"), np.ones(1)
    )
    large = DrawnImage(*(np.ones((1, 90, 110), bool) for _ in "ab"), np.ones(1))
    for size in (0, 2):
        assert ratios_of_size(counts_of(small, large), size)["msa"].value() == 1
    assert ratios_of_size(counts_of(small, large), 1)["msa"].value() == 1  # nothing against nothing


def test_curves_over_the_iou():
    curves = accuracy_curves(counts_of(*IMAGES))
    assert curves["iou"].tolist() == [place / 20 for place in range(21)]
    for name, expected in (("precision", "precision_50"), ("recall", "recall_50")):
        assert curves[name][10] == pytest.approx(score(expected, *IMAGES))
        assert (np.diff(curves[name]) <= 0).all()
    tp, fp, fn = np.sum([agreed(drawn, 0.5) for drawn in IMAGES], axis=0)
    assert curves["accuracy"][10] == pytest.approx(tp / (tp + fp + fn))


def test_draws_of_images_are_sets_with_repetition():
    weights = np.array([[2, 0, 1], [1, 1, 1]])
    ratios = cell_ratios(counts_of(*IMAGES))
    for name, ratio in ratios.items():
        twice = cell_ratios(counts_of(IMAGES[0], IMAGES[0], IMAGES[2]))[name].value()
        assert ratio.value(weights).tolist() == pytest.approx([twice, ratio.value()]), name


def test_boundary_f_is_a_mean_over_images():
    assert score("boundary_f", *IMAGES) == pytest.approx(2 * 0.75 * 0.5 / 1.25)
