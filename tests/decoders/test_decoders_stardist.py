"""From probabilities and distances to cells."""

import itertools

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_array_equal

from monolayer.annotations.rasterise import painted, union
from monolayer.decoders.stardist.decoder import Settings, centres, decode, not_suppressed, star_outlines
from monolayer.errors import InputError
from monolayer.heads.stardist.head import RAYS, object_probability, ray_lengths, squared_depth
from monolayer.parameters import validate
from monolayer.predictions.cells import Cells


def perfect_maps(labels: np.ndarray) -> np.ndarray:
    batch = torch.from_numpy(labels)[None]
    squared = squared_depth(batch)
    probability = object_probability(batch, squared)
    distances = ray_lengths(batch, squared, every=1)
    return torch.cat([probability[None], distances, (batch > 0)[None].float()], dim=1)[0].numpy()


def maps_of_discs(size: int, discs: list[tuple[int, int, float, float]]) -> np.ndarray:
    """Row, column, radius and probability of each; all other pixels are improbable."""
    maps = np.full((RAYS + 2, size, size), 0.1, np.float32)
    for row, column, radius, probability in discs:
        maps[0, row, column] = probability
        maps[1:-1, row, column] = radius
    return maps


def ellipses(height: int, width: int, count: int, seed: int) -> np.ndarray:
    """Label image, int32, of ellipses that touch, but do not overlap."""
    generator = np.random.default_rng(seed)
    labels, rows_columns = np.zeros((height, width), np.int32), np.mgrid[:height, :width]
    while labels.max() < count:
        long = generator.uniform(5, 14)
        short, turn = generator.uniform(0.5, 1) * long, generator.uniform(0, np.pi)
        y, x = rows_columns - generator.uniform(0, [height, width])[:, None, None]
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        ellipse = (along / long) ** 2 + (across / short) ** 2 <= 1
        if ellipse.sum() >= 40 and not labels[ellipse].any():
            labels[ellipse] = labels.max() + 1
    return labels


def best_ious(labels: np.ndarray, cells: Cells) -> np.ndarray:
    """Of each true cell with the predicted one that fits it best; float [N]."""
    position, cell = cells.runs.pixels()
    shared = np.zeros((labels.max() + 1, len(cells.scores)))
    np.add.at(shared, (labels.ravel(order="F")[position], cell), 1)
    areas = np.bincount(labels.ravel())[:, None], cells.runs.areas(len(cells.scores))
    return (shared / (areas[0] + areas[1] - shared))[1:].max(axis=1)


def test_perfect_targets_of_touching_ellipses_decode_to_them():
    labels = ellipses(120, 160, 40, seed=0)
    cells = decode(perfect_maps(labels), Settings(cell_area=10))
    assert len(cells.scores) == 40
    assert best_ious(labels, cells).min() > 0.9


def test_a_square_is_drawn_to_the_pixel():
    labels = np.zeros((32, 32), np.int32)
    labels[3:10, 20:27] = 1
    cells = decode(perfect_maps(labels), Settings())
    assert_array_equal(painted(cells.runs, 32, 32), labels)
    assert cells.scores.dtype == "float32"
    assert cells.scores.tolist() == [1]


def test_a_branched_cell_is_one_cell_as_far_as_its_middle_sees():
    labels = np.zeros((48, 48), np.int32)
    labels[20:28, 4:44] = labels[4:44, 20:28] = 1
    cells = decode(perfect_maps(labels), Settings())
    assert len(cells.scores) == 1
    assert best_ious(labels, cells)[0] > 0.8


def test_cells_are_cut_at_the_edge():
    cells = decode(maps_of_discs(32, [(0, 0, 8, 0.9)]), Settings())
    (area,) = cells.runs.areas()
    assert area == pytest.approx(np.pi * 8.5**2 / 4, rel=0.05)


def test_the_better_of_two_that_overlap_is_kept():
    cells = decode(maps_of_discs(40, [(20, 15, 8, 0.7), (20, 20, 8, 0.9)]), Settings())
    assert cells.scores.tolist() == pytest.approx([0.9])
    rows, columns = np.nonzero(union(cells.runs, 40, 40))
    assert (round(rows.mean()), round(columns.mean())) == (20, 20)


def test_both_of_two_that_barely_overlap_are_kept():
    cells = decode(maps_of_discs(40, [(20, 10, 8, 0.7), (20, 24, 8, 0.9)]), Settings())
    assert cells.scores.tolist() == pytest.approx([0.9, 0.7])
    assert cells.runs.areas().sum() > union(cells.runs, 40, 40).sum()


def test_overlap_is_a_share_of_the_smaller_one():
    inside_another = maps_of_discs(64, [(32, 32, 25, 0.9), (32, 46, 5, 0.8)])
    assert len(decode(inside_another, Settings()).scores) == 1
    assert len(decode(inside_another, Settings(overlap=1)).scores) == 2


def test_what_was_removed_removes_nothing():
    chain = maps_of_discs(64, [(32, 14, 8, 0.9), (32, 20, 8, 0.8), (32, 26, 8, 0.7)])
    assert decode(chain, Settings()).scores.tolist() == pytest.approx([0.9, 0.7])


def test_suppression_matches_a_naive_loop():
    generator = np.random.default_rng(0)
    row, column = generator.integers(0, 60, (2, 80))
    polygons = shapely.polygons(star_outlines(row, column, generator.uniform(1, 15, (RAYS, 80))))
    kept = []
    for index, polygon in enumerate(polygons):
        others = [polygons[better] for better in kept]
        limits = [0.3 * min(polygon.area, other.area) for other in others]
        if all(
            polygon.intersection(other).area <= limit for other, limit in zip(others, limits, strict=True)
        ):
            kept.append(index)
    assert np.flatnonzero(not_suppressed(polygons, 0.3)).tolist() == kept


def test_centres_are_the_best_of_their_window_and_equal_ones_count_once():
    probability = np.zeros((32, 32), np.float32)
    probability[4, 4], probability[5, 6], probability[5, 7], probability[20:30, 20] = 0.9, 0.8, 0.95, 0.6
    row, column = centres(probability, threshold=0.5)
    found = list(zip(row.tolist(), column.tolist(), strict=True))
    assert found == [(5, 7), (4, 4), (20, 20)]


@pytest.mark.parametrize("size", [32, 33])
def test_nothing_probable_is_no_cell(size):
    cells = decode(np.zeros((RAYS + 2, size, size), np.float32), Settings())
    assert cells.scores.shape == (0,)
    assert cells.scores.dtype == "float32"
    assert len(cells.runs.start) == 0


def test_small_cells_are_removed_and_the_others_numbered_without_gaps():
    maps = maps_of_discs(64, [(10, 10, 2, 0.9), (30, 30, 6, 0.8), (50, 50, 0, 0.95), (50, 10, 6, 0.7)])
    cells = decode(maps, Settings())
    assert cells.scores.tolist() == pytest.approx([0.8, 0.7])
    assert np.unique(cells.runs.cell).tolist() == [0, 1]
    assert decode(maps, Settings(cell_area=0)).runs.areas()[0] == 1  # a cell has its centre, however small


@pytest.mark.parametrize("seed", range(20))
def test_distances_of_any_kind_are_drawn(seed):
    generator = np.random.default_rng(seed)
    maps = generator.uniform(0, 1, (RAYS + 2, 32, 32)).astype(np.float32)
    maps[1:-1] = generator.normal(size=(RAYS, 32, 32)) * 10.0 ** generator.integers(-4, 6, (RAYS, 32, 32))
    maps[1:-1][generator.random((RAYS, 32, 32)) < 0.5] = 0
    maps[1 + seed] = np.inf
    cells = decode(maps, Settings(overlap=0.2, cell_area=0))
    position, cell = cells.runs.pixels()
    assert len(np.unique(cell)) == len(cells.scores) > 0
    assert len(np.unique(np.stack([position, cell]), axis=1).T) == len(position)


def test_the_same_cells_again():
    maps = perfect_maps(ellipses(80, 80, 15, seed=1))
    for first, second in itertools.pairwise(decode(maps, Settings()) for _ in range(3)):
        assert_array_equal(first.scores, second.scores)
        assert_array_equal(np.stack(first.runs), np.stack(second.runs))


@pytest.mark.parametrize(
    ("values", "message"),
    [({"threshold": 1}, "less than 1"), ({"nms": 0.4}, "valid keys: threshold, overlap, cell_area")],
)
def test_settings_that_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        validate(values, "models.tiny.decoder", Settings)
