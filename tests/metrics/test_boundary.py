import numpy as np
import pytest
from drawn_cells import drawn_labels
from numpy.testing import assert_array_equal
from scipy.ndimage import distance_transform_edt

from monolayer.annotations.rasterise import label_runs
from monolayer.metrics.boundary import boundary_counts, boundary_f, dilate, outlines_of_runs


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_dilation_reaches_as_far_as_the_radius(radius):
    mask = np.random.default_rng(radius).random((30, 40)) < 0.01
    assert mask.any()
    assert_array_equal(dilate(mask, radius), distance_transform_edt(~mask) <= radius)


@pytest.mark.parametrize("band", [2**20, 30, 100, 1])
def test_outlines_of_runs_are_those_of_the_label_image(monkeypatch, band):
    monkeypatch.setattr("monolayer.metrics.boundary.BAND", band)
    labels, _ = drawn_labels(0, cells=40)
    whole = np.zeros(labels.shape, dtype=bool)
    for row, column in np.argwhere(labels > 0):
        near = labels[max(row - 1, 0) : row + 2, column], labels[row, max(column - 1, 0) : column + 2]
        whole[row, column] = any((own != labels[row, column]).any() for own in near)
    assert_array_equal(outlines_of_runs(label_runs(labels), *labels.shape), whole)


def test_a_shift_within_the_tolerance_is_perfect():
    line = np.zeros((9, 12), dtype=bool)
    line[:, 5] = True
    shifted = np.roll(line, 2, axis=1)
    assert boundary_counts(line, shifted, 2).tolist() == [9, 9, 9, 9]
    assert boundary_counts(line, shifted, 1).tolist() == [0, 9, 0, 9]


def test_precision_and_recall_are_weighed_alike():
    counts = np.array([[5, 10, 10, 10], [0, 10, 0, 10], [0, 0, 0, 0], [0, 0, 0, 7], [0, 7, 0, 0]])
    assert boundary_f(counts).tolist() == pytest.approx([2 * 0.5 / 1.5, 0, 1, 0, 0])
