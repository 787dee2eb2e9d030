import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import generate_binary_structure, label
from skimage.morphology import local_maxima, reconstruction

from monolayer.annotations.rasterise import painted
from monolayer.decoders.foreground.decoder import Settings, decode, hills

PLAIN = Settings(close_radius=0, island_area=0, hole_area=0, sigma=0, h=1, cell_area=0)


def discs(*centres: tuple[int, int], radius: int = 8, shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    rows, columns = np.indices(shape)
    inside = [(rows - row) ** 2 + (columns - column) ** 2 < radius**2 for row, column in centres]
    return np.any(inside, axis=0)


def decoded(mask: np.ndarray, settings: Settings) -> np.ndarray:
    cells = decode(np.where(mask, 0.9, 0.1)[None].astype(np.float32), settings)
    return painted(cells.runs, *mask.shape)


def test_overlapping_discs_are_divided_at_their_waist():
    labels = decoded(discs((20, 15), (20, 28)), PLAIN)
    assert labels.max() == 2
    assert (labels > 0).sum() == discs((20, 15), (20, 28)).sum()
    left, right = np.unique(labels[:, :21]), np.unique(labels[:, 23:])
    assert len(np.setdiff1d(left, 0)) == len(np.setdiff1d(right, 0)) == 1


def test_cells_are_divided_where_a_gap_is_probable():
    """A square that no waist divides: its left third, and the rest."""
    foreground, gaps = np.full((2, 20, 30), 0.9, dtype=np.float32)
    gaps[:] = 0.1
    gaps[:, 9:11] = 0.6
    labels = decode_to_labels(np.stack([foreground, gaps]))
    assert labels[0].tolist() == [labels[0, 0]] * 10 + [labels[0, 29]] * 20
    assert sorted(np.unique(labels)) == [1, 2]
    assert decode_to_labels(np.stack([foreground, gaps]), gap=0.7).max() == 1
    assert decode_to_labels(foreground[None]).max() == 1


def test_a_cell_that_ends_at_a_gap_is_more_certain_than_one_cut_elsewhere():
    """Two discs at whose waist a gap is probable, and two at whose waist none is."""
    foreground = np.where(discs((20, 15), (20, 28)), 0.9, 0.1).astype(np.float32)
    none, gaps = np.zeros((2, *foreground.shape), dtype=np.float32)
    gaps[:, 20:24] = 0.8 * (foreground[:, 20:24] > 0.5)
    apart, cut = (decode(np.stack([foreground, gap]), PLAIN) for gap in (gaps, none))
    assert len(apart.scores) == len(cut.scores) == 2
    assert apart.scores.min() > cut.scores.max()


def test_a_cell_that_holds_a_gap_is_less_certain():
    foreground = np.where(discs((20, 15), (20, 28)), 0.9, 0.1).astype(np.float32)
    gaps = np.zeros_like(foreground)
    gaps[:, 20:24] = 0.4 * (foreground[:, 20:24] > 0.5)
    (whole,), (doubtful,) = (
        decode(np.stack([foreground, gap]), PLAIN.model_copy(update={"h": 6.0})).scores
        for gap in (0 * gaps, gaps)
    )
    assert doubtful < whole


def decode_to_labels(maps: np.ndarray, **settings: float) -> np.ndarray:
    return painted(decode(maps, PLAIN.model_copy(update=settings)).runs, *maps.shape[1:])


def test_a_higher_h_divides_less():
    mask = discs((20, 15), (20, 28))
    assert decoded(mask, PLAIN.model_copy(update={"h": 6.0})).max() == 1


def test_smoothing_removes_shallow_hills():
    mask = discs((20, 15), (20, 25))
    assert decoded(mask, PLAIN.model_copy(update={"sigma": 0.0})).max() == 2
    assert decoded(mask, PLAIN.model_copy(update={"sigma": 3.0})).max() == 1


def test_the_threshold_is_the_least_probability():
    probability = np.array([[[0.4, 0.5, 0.6]]], dtype=np.float32)
    cells = decode(probability, PLAIN.model_copy(update={"threshold": 0.5}))
    assert painted(cells.runs, 1, 3).tolist() == [[0, 1, 1]]
    assert_allclose(cells.scores, [0.55], atol=1e-6)


def test_islands_go_holes_and_gaps_are_filled():
    mask = discs((20, 20))
    mask[20, 20] = False
    mask[2, 2] = True
    tidied = decoded(mask, PLAIN.model_copy(update={"island_area": 5, "hole_area": 5}))
    assert_array_equal(tidied > 0, discs((20, 20)))
    gap = np.ones((9, 9), dtype=bool)
    gap[:, 4] = False
    assert decoded(gap, PLAIN.model_copy(update={"close_radius": 1, "h": 9.0})).min() == 1


def test_small_cells_go_and_numbers_have_no_gaps():
    mask = discs((10, 10), radius=3) | discs((25, 40), radius=8)
    labels = decoded(mask, PLAIN.model_copy(update={"cell_area": 60}))
    assert_array_equal(labels, discs((25, 40), radius=8))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_empty_and_full_images(value):
    cells = decode(np.full((1, 20, 30), value, dtype=np.float32), Settings())
    assert len(cells.scores) == value


@pytest.mark.parametrize("h", [0.5, 1.5, 3.5])
def test_hills_are_the_extended_maxima(h):
    heights = np.random.default_rng(0).integers(1, 9, (30, 30)).astype(np.float64)
    four_neighbours = generate_binary_structure(2, 1)
    lowered = reconstruction(heights - h, heights, footprint=four_neighbours)
    expected, count = label(local_maxima(lowered, connectivity=1))
    found = hills(heights.astype(np.float32), h)
    assert found.max() == count
    tops = np.stack([found, expected])[:, (expected > 0) & (heights > lowered)]
    assert len(np.unique(tops, axis=1).T) == count  # one top for each maximum, and one maximum in each top


def test_a_hill_as_high_as_its_neighbour_is_one_with_it_where_the_saddle_is_shallow():
    assert hills(np.array([[0, 5, 4.5, 5, 0, 5, 0]], dtype=np.float32), 1).tolist() == [[0, 1, 1, 1, 0, 2, 0]]
