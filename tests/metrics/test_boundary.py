import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import distance_transform_edt

from monolayer.metrics.boundary import boundary_counts, boundary_f, dilate


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_dilation_reaches_as_far_as_the_radius(radius):
    mask = np.random.default_rng(radius).random((30, 40)) < 0.01
    assert mask.any()
    assert_array_equal(dilate(mask, radius), distance_transform_edt(~mask) <= radius)


def test_a_shift_within_the_tolerance_is_perfect():
    line = np.zeros((9, 12), dtype=bool)
    line[:, 5] = True
    shifted = np.roll(line, 2, axis=1)
    assert boundary_counts(line, shifted, 2).tolist() == [9, 9, 9, 9]
    assert boundary_counts(line, shifted, 1).tolist() == [0, 9, 0, 9]


def test_precision_and_recall_are_weighed_alike():
    counts = np.array([[5, 10, 10, 10], [0, 10, 0, 10], [0, 0, 0, 0], [0, 0, 0, 7], [0, 7, 0, 0]])
    assert boundary_f(counts).tolist() == pytest.approx([2 * 0.5 / 1.5, 0, 1, 0, 0])
