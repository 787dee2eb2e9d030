"""A prediction that equals the truth has the best scores, however its cells overlap and are listed."""

import numpy as np
import pytest
from drawn_cells import HEIGHT, WIDTH, DrawnImage, drawn_image, ellipse, masks_of, runs_of

from monolayer.annotations.coco import Image
from monolayer.evaluation.cells import ImageCells, TrueCells, compare_cells, summarise_cells
from monolayer.evaluation.settings import CellSettings
from monolayer.metrics.aggregated_jaccard import aji_counts
from monolayer.metrics.cell_tracking_challenge import det_counts, seg_counts
from monolayer.metrics.scores import NUMBERS, score_named

SETTINGS = CellSettings(max_dets=[300])
NESTED = np.array([ellipse(45, 55, radius, radius) for radius in (5, 12, 20, 40)])
CELL = ellipse(30, 40, 9, 14)
COLUMNS = np.tile(np.arange(WIDTH) // 10, (HEIGHT, 1))
SCENES = {
    "nested": NESTED,
    "one outline twice": np.stack([CELL, CELL]),
    "one outline three times, and a cell within": np.stack([CELL, ellipse(30, 40, 6, 10), CELL, CELL]),
    "two pairs of one outline": np.concatenate([NESTED[1:3], NESTED[1:3]]),
    "half of each other": np.stack([np.roll(CELL, 9 * step, axis=0) for step in range(4)]),
    "touching": np.stack([place == COLUMNS for place in (0, 1, 2)]),
    "in two parts around another": np.stack([NESTED[2] & ~NESTED[1], NESTED[0]]),
    "the whole image": np.stack([np.ones((HEIGHT, WIDTH), dtype=bool), CELL]),
    **{f"drawn {seed}": drawn_image(seed, cells=40).truth for seed in range(5)},
}


def compared(truth: np.ndarray, prediction: np.ndarray) -> ImageCells:
    true = TrueCells(Image(1, "1.tif", WIDTH, HEIGHT, "A172"), runs_of(truth), truth.sum(axis=(1, 2)) * 1.0)
    return compare_cells(true, runs_of(prediction), np.linspace(0.1, 1, len(prediction)), SETTINGS)


@pytest.mark.parametrize("order", ["as it is", "reversed", 0, 1])
@pytest.mark.parametrize("scene", SCENES)
def test_every_score_is_the_best(scene: str, order: str | int) -> None:
    truth = SCENES[scene][SCENES[scene].any(axis=(1, 2))]
    places = np.arange(len(truth))[:: -1 if order == "reversed" else 1]
    if isinstance(order, int):
        places = np.random.default_rng(order).permutation(places)
    overall = summarise_cells([compared(truth, truth[places])], SETTINGS)["overall"]
    for name, value in overall.items():
        if name not in NUMBERS:
            assert value == (1 if score_named(name).best == "high" else 0), name


def test_the_order_of_cells_is_no_part_of_the_outlines() -> None:
    drawn = drawn_image(3, cells=40)
    counts = compared(drawn.truth, drawn.prediction).counts.boundary
    assert counts[0] < counts[1]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        again = compared(rng.permutation(drawn.truth), rng.permutation(drawn.prediction)).counts.boundary
        assert again.tolist() == counts.tolist()


def test_a_prediction_that_is_listed_twice_is_false_once() -> None:
    overlap = DrawnImage(CELL[None], np.stack([CELL, CELL]), np.ones(2)).overlap
    assert seg_counts(overlap).tolist() == [1, 1]
    assert det_counts(overlap).tolist() == [0, 0, 1, 1]
    assert aji_counts(overlap).tolist() == [CELL.sum(), 2 * CELL.sum()]


def test_one_prediction_of_two_cells_of_one_outline_has_to_be_split() -> None:
    overlap = DrawnImage(np.stack([CELL, CELL]), CELL[None], np.ones(1)).overlap
    assert seg_counts(overlap).tolist() == [2, 2]
    assert det_counts(overlap).tolist() == [1, 0, 0, 2]


def test_of_predictions_that_cover_as_much_that_of_the_highest_iou_counts() -> None:
    wide, tight = ellipse(45, 55, 40, 40), ellipse(45, 55, 13, 13)
    for prediction in (np.stack([wide, tight]), np.stack([tight, wide])):
        overlap = DrawnImage(NESTED[1:2], prediction, np.ones(2)).overlap
        assert seg_counts(overlap)[0] == NESTED[1].sum() / tight.sum()


def test_of_cells_that_do_not_overlap_the_one_that_covers_most_is_the_one_above_half() -> None:
    truth = np.zeros((1, HEIGHT, WIDTH), dtype=bool)
    truth[0, :10, :10] = True
    labels = np.zeros((HEIGHT, WIDTH), dtype=int)
    labels[:10, :6], labels[:10, 6:10] = 1, 2
    overlap = DrawnImage(truth, masks_of(labels), np.ones(2)).overlap
    assert seg_counts(overlap).tolist() == [0.6, 1]
    assert det_counts(overlap).tolist() == [0, 0, 1, 1]


def test_nothing_found_of_a_cell_that_fills_the_image() -> None:
    whole, nothing = np.ones((1, HEIGHT, WIDTH), dtype=bool), np.zeros((0, HEIGHT, WIDTH), dtype=bool)
    for truth, prediction in ((whole, nothing), (nothing, whole)):
        assert summarise_cells([compared(truth, prediction)], SETTINGS)["overall"]["boundary_f"] == 0
