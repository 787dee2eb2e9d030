import numpy as np
from drawn_cells import drawn_image
from numpy.testing import assert_array_equal

from monolayer.metrics.detected_cells import CURVE, by_size, matched_by_size, matched_strictly, size_class
from monolayer.metrics.instance_overlap import InstanceOverlap


def test_sizes_are_livecells():
    assert size_class(np.array([1, 323.5, 324, 960, 961, 1e6])).tolist() == [0, 0, 1, 1, 2, 2]
    assert by_size(np.array([2, 0, 2])).tolist() == [1, 0, 2]


def test_every_cell_is_counted_once_at_every_iou():
    drawn = drawn_image(1, cells=20)
    overlap = drawn.overlap
    true, predicted = size_class(overlap.true_areas), size_class(overlap.predicted_areas)
    matched, false = matched_by_size(overlap, true, predicted)
    assert matched.shape == false.shape == (3, len(CURVE))
    assert_array_equal(matched.sum(axis=0) + false.sum(axis=0), len(predicted))
    assert (matched <= by_size(true)[:, None]).all()
    assert (np.diff(matched.sum(axis=0)) <= 0).all()


def test_a_match_counts_for_the_size_of_the_true_cell():
    overlap = InstanceOverlap(
        np.array([400]), np.array([200, 500]), np.array([0]), np.array([0]), np.array([200])
    )
    matched, false = matched_by_size(overlap, np.array([1]), np.array([0, 1]))
    assert matched[:, 10].tolist() == [0, 1, 0]  # IoU 0.5 is enough
    assert false[:, 10].tolist() == [0, 1, 0]
    assert matched[:, 11].tolist() == [0, 0, 0]
    assert false[:, 11].tolist() == [1, 1, 0]
    assert matched_strictly(overlap).tolist() == [0] * 10
