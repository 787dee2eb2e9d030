import numpy as np
import pytest
from drawn_cells import drawn_image, overlap_of
from numpy.testing import assert_allclose, assert_array_equal


@pytest.mark.parametrize("seed", range(4))
def test_overlapping_cells_of_both_sides_as_by_masks(seed):
    drawn = drawn_image(seed)
    dense = np.zeros((len(drawn.truth), len(drawn.prediction)))
    dense[drawn.overlap.true, drawn.overlap.predicted] = drawn.overlap.iou
    assert_allclose(dense, drawn.iou, rtol=0, atol=0)
    assert_array_equal(drawn.overlap.true_areas, drawn.truth.sum(axis=(1, 2)))
    assert_array_equal(drawn.overlap.predicted_areas, drawn.prediction.sum(axis=(1, 2)))


def test_pairs_are_in_order_and_share_pixels():
    overlap = drawn_image(0).overlap
    pairs = list(zip(overlap.true.tolist(), overlap.predicted.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert overlap.pixels.min() >= 1


def test_nothing_on_either_side():
    nothing, one = np.zeros((0, 4, 5), dtype=bool), np.ones((1, 4, 5), dtype=bool)
    for truth, prediction in ((nothing, one), (one, nothing), (nothing, nothing)):
        overlap = overlap_of(truth, prediction)
        assert len(overlap.pixels) == len(overlap.iou) == 0
        assert overlap.true_areas.tolist() == [20] * len(truth)
        assert overlap.predicted_areas.tolist() == [20] * len(prediction)


def test_cells_without_pixels_keep_their_number():
    masks = np.zeros((3, 4, 5), dtype=bool)
    masks[1, 1:3, 1:3] = True
    overlap = overlap_of(masks, masks)
    assert overlap.true_areas.tolist() == [0, 4, 0]
    assert (overlap.true.tolist(), overlap.predicted.tolist(), overlap.iou.tolist()) == ([1], [1], [1.0])
