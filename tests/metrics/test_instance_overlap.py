import numpy as np
import pytest
from drawn_cells import drawn_image, drawn_labels, masks_of, overlap_of
from numpy.testing import assert_allclose, assert_array_equal

from monolayer.errors import InputError
from monolayer.metrics.instance_overlap import label_overlap


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


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.uint64])
@pytest.mark.parametrize("seed", range(3))
def test_two_label_images_as_by_masks(seed, kind):
    labels = [own.astype(kind) for own in drawn_labels(seed, cells=30)]
    for truth, prediction in (labels, [own.T for own in labels]):
        expected = overlap_of(masks_of(truth), masks_of(prediction))
        for own, other in zip(label_overlap(truth, prediction), expected, strict=True):
            assert own.dtype == np.int64
            assert_array_equal(own, other)


def test_labels_that_no_pixel_has_keep_their_number():
    overlap = label_overlap(np.array([[0, 4, 4]]), np.array([[0, 0, 70_000]], dtype=np.uint32))
    assert overlap.true_areas.tolist() == [0, 0, 0, 2]
    assert (overlap.predicted_areas.sum(), len(overlap.predicted_areas)) == (1, 70_000)
    assert (overlap.true.tolist(), overlap.predicted.tolist(), overlap.iou.tolist()) == ([3], [69_999], [0.5])


@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (0, 0)])
def test_two_label_images_without_cells(shape):
    nothing = np.zeros(shape, dtype=np.uint16)
    assert [len(own) for own in label_overlap(nothing, nothing)] == [0] * 5


def test_label_images_of_two_sizes():
    with pytest.raises(InputError, match=r"label images of \(4, 5\) and \(1, 5\): they must be of one size"):
        label_overlap(np.zeros((4, 5), dtype=int), np.zeros((1, 5), dtype=int))
