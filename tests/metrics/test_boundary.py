import numpy as np
import pytest
from drawn_cells import drawn_image, drawn_labels, runs_of
from numpy.testing import assert_array_equal
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

from monolayer.annotations.rasterise import CellRuns, label_runs
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


@pytest.mark.parametrize("seed", range(4))
def test_each_cell_has_its_own_outline_whatever_lies_over_it(seed):
    masks = drawn_image(seed, cells=40).truth
    masks[:2, 40:60, 50:70] = True  # of several parts, and of one outline there
    own = [find_boundaries(mask.astype(np.uint8), connectivity=1, mode="inner") for mask in masks]
    assert_array_equal(outlines_of_runs(runs_of(masks), *masks.shape[1:]), np.any(own, axis=0))


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1), (4, 5)])
def test_outlines_at_the_edge_of_small_images(shape):
    rng = np.random.default_rng(0)
    for _ in range(20):
        masks = rng.random((3, *shape)) < 0.7
        padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)), mode="edge")
        inside = padded[:, :-2, 1:-1] & padded[:, 2:, 1:-1] & padded[:, 1:-1, :-2] & padded[:, 1:-1, 2:]
        expected = (masks & ~inside).any(axis=0)
        assert_array_equal(outlines_of_runs(runs_of(masks), *shape), expected)


def test_runs_that_go_on_in_the_next_one_have_no_end_there():
    whole = CellRuns(np.array([0, 5, 8]), np.array([5, 8, 12]), np.array([0, 0, 0]))
    assert not outlines_of_runs(whole, 3, 4).any()


def test_no_cells_have_no_outlines():
    nothing = CellRuns(*np.zeros((3, 0), dtype=np.int64))
    assert outlines_of_runs(nothing, 3, 4).tolist() == np.zeros((3, 4), dtype=bool).tolist()


def test_a_shift_within_the_tolerance_is_perfect():
    line = np.zeros((9, 12), dtype=bool)
    line[:, 5] = True
    shifted = np.roll(line, 2, axis=1)
    assert boundary_counts(line, shifted, 2).tolist() == [9, 9, 9, 9]
    assert boundary_counts(line, shifted, 1).tolist() == [0, 9, 0, 9]


def test_precision_and_recall_are_weighed_alike():
    counts = np.array([[5, 10, 10, 10], [0, 10, 0, 10], [0, 0, 0, 0], [0, 0, 0, 7], [0, 7, 0, 0]])
    assert boundary_f(counts).tolist() == pytest.approx([2 * 0.5 / 1.5, 0, 1, 0, 0])
