"""Label images: the overlap rule on hand-made cells, the foreground on random ones."""

import json

import msgspec
import numpy as np
import pytest

from monolayer.annotations.label_images import label_image
from monolayer.annotations.rasterise import foreground_mask


def box(left: int, top: int, right: int, bottom: int) -> msgspec.Raw:
    return msgspec.Raw(json.dumps([[left, top, right, top, right, bottom, left, bottom]]).encode())


def test_cells_apart_are_numbered_in_their_order():
    expected = [[2, 2, 0, 1, 1, 1]]
    np.testing.assert_array_equal(label_image([box(3, 0, 6, 1), box(0, 0, 2, 1)], 1, 6), expected)


def test_a_shared_pixel_goes_to_the_nearest_centroid():
    # The centroids are columns 1.5 and 4: column 2 is nearer to the first, column 3 to the second.
    labels = label_image([box(0, 0, 4, 1), box(2, 0, 7, 1)], 1, 7)
    np.testing.assert_array_equal(labels, [[1, 1, 1, 2, 2, 2, 2]])


def test_of_two_equally_near_the_earlier_cell_wins():
    np.testing.assert_array_equal(label_image([box(0, 0, 3, 1), box(2, 0, 5, 1)], 1, 5), [[1, 1, 1, 2, 2]])


def test_a_covered_cell_is_dropped_and_its_own_pixels_go_to_the_cell_above():
    # Four of the small cell's five pixels are covered; the fifth must stay foreground.
    cells = [box(0, 0, 9, 1), box(5, 0, 10, 1)]
    np.testing.assert_array_equal(label_image(cells, 1, 10), [[1] * 10])


def test_a_cell_covered_just_to_the_limit_is_kept():
    cells = [box(0, 0, 9, 1), box(6, 0, 10, 1)]
    assert set(np.unique(label_image(cells, 1, 10))) == {1, 2}


def test_limit_one_drops_nothing():
    assert set(np.unique(label_image([box(0, 0, 9, 1), box(5, 0, 10, 1)], 1, 10, drop_covered=1.0))) == {1, 2}


def test_of_twice_the_same_cell_one_is_left():
    np.testing.assert_array_equal(label_image([box(0, 0, 3, 2), box(0, 0, 3, 2)], 2, 4), [[2, 2, 2, 0]] * 2)


def test_a_dropped_cells_heir_may_be_dropped_as_well():
    # The second cell inherits column 10 from the third, and the first inherits both.
    cells = [box(0, 0, 20, 2), box(8, 0, 12, 2), box(9, 0, 11, 2)]
    np.testing.assert_array_equal(label_image(cells, 2, 20), np.ones((2, 20)))


@pytest.mark.parametrize("seed", range(5))
def test_foreground_never_changes(seed):
    generator = np.random.default_rng(seed)
    corners = generator.integers(0, 40, (60, 2))
    sizes = generator.integers(1, 15, (60, 2))
    cells = [box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners.tolist(), sizes.tolist(), strict=True)]
    for limit in (0.0, 0.3, 0.75):
        labels = label_image(cells, 50, 50, drop_covered=limit)
        np.testing.assert_array_equal(labels > 0, foreground_mask(cells, 50, 50))


def test_bands_change_nothing(monkeypatch):
    generator = np.random.default_rng(0)
    corners, sizes = generator.integers(0, 40, (60, 2)).tolist(), generator.integers(1, 15, (60, 2)).tolist()
    cells = [box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sizes, strict=True)]
    whole = [label_image(cells, 50, 50, limit) for limit in (0.3, 0.75)]
    assert 20 < len(np.unique(whole[1])) < 60  # some are dropped
    for band in (1, 50, 333):
        monkeypatch.setattr("monolayer.annotations.rasterise.BAND", band)
        for limit, expected in zip((0.3, 0.75), whole, strict=True):
            np.testing.assert_array_equal(label_image(cells, 50, 50, limit), expected)


def test_no_cells_give_an_empty_image():
    labels = label_image([], 3, 4)
    assert labels.dtype == np.uint16
    assert labels.shape == (3, 4)
    assert not labels.any()


@pytest.mark.parametrize(("cells", "kind"), [(65_535, np.uint16), (65_536, np.uint32)])
def test_every_cell_has_a_label_of_its_own_however_many_they_are(cells, kind):
    column, row = np.divmod(np.arange(cells), 256)
    labels = label_image(
        [box(x, y, x + 1, y + 1) for x, y in zip(column.tolist(), row.tolist(), strict=True)], 256, 300
    )
    expected = np.zeros((256, 300), dtype=kind)
    expected[row, column] = np.arange(1, cells + 1)
    assert labels.dtype == kind
    np.testing.assert_array_equal(labels, expected)
