"""From probabilities and distances to cells."""

import itertools

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_array_equal

from monolayer.annotations.rasterise import draw, painted, union
from monolayer.decoders.stardist.decoder import (
    Settings,
    agreement,
    centres,
    decode,
    divided,
    not_suppressed,
    star_outlines,
)
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


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_wrong_distances_hardly_matter_where_the_foreground_tells_the_outline(factor):
    labels = ellipses(120, 160, 40, seed=2)
    maps = perfect_maps(labels)
    maps[1:-1] *= factor
    cells = decode(maps, Settings(cell_area=10))
    assert len(cells.scores) == 40
    assert best_ious(labels, cells).min() > 0.9
    assert cells.scores.max() < 0.95


def test_a_cell_grows_to_the_end_of_the_foreground_and_no_further():
    maps = maps_of_discs(64, [(20, 20, 5, 0.9), (45, 45, 12, 0.8)])
    maps[-1, 10:31, 12:30] = maps[-1, 40:50, 40:50] = 0.7
    cells = decode(maps, Settings())
    assert_array_equal(painted(cells.runs, 64, 64)[10:31, 12:30], 1)
    assert_array_equal(painted(cells.runs, 64, 64)[40:50, 40:50], 2)
    assert cells.runs.areas().tolist() == [21 * 18, 100]
    assert len(decode(maps, Settings(foreground=0.8)).scores) == 2
    assert decode(maps, Settings(foreground=0.8)).runs.areas().tolist() != [21 * 18, 100]


def test_touching_cells_part_where_a_middle_is_least_probable():
    maps = maps_of_discs(40, [(20, 8, 4, 0.9), (20, 30, 4, 0.9)])
    maps[-1, 15:25, 2:36] = 1
    maps[0, 15:25, 2:36] = np.maximum(maps[0, 15:25, 2:36], 0.2)
    maps[0, 15:25, 25] = 0.12
    labels = painted(decode(maps, Settings()).runs, 40, 40)[15:25, 2:36]
    assert (labels[:, :23] == 1).all()
    assert (labels[:, 24:] == 2).all()


def test_foreground_without_a_centre_is_no_cell():
    maps = maps_of_discs(64, [(20, 20, 5, 0.9)])
    maps[-1, 15:26, 15:26] = maps[-1, 40:60, 40:60] = 1
    assert decode(maps, Settings()).runs.areas().tolist() == [121]


def test_a_cell_that_is_no_foreground_keeps_its_polygon():
    maps = maps_of_discs(64, [(20, 20, 6, 0.7), (40, 40, 6, 0.9), (40, 12, 6, 0.8)])
    maps[-1, 36:45, 36:45] = 1
    cells = decode(maps, Settings())
    alone = [decode(maps_of_discs(64, [disc]), Settings()) for disc in [(40, 12, 6, 0.8), (20, 20, 6, 0.7)]]
    assert cells.runs.areas().tolist() == [81, *(own.runs.areas()[0] for own in alone)]
    for number, own in enumerate(alone, start=1):
        assert_array_equal(cells.runs.select(cells.runs.cell == number).start, own.runs.start)
    assert cells.scores[1:].tolist() == pytest.approx([0.8, 0.7])
    assert cells.scores[0] < 0.9


def test_a_score_is_the_probability_times_the_root_of_the_agreement():
    maps = maps_of_discs(64, [(20, 20, 6, 0.8)])
    maps[-1, 5:40, 5:21] = 1
    (score,) = decode(maps, Settings()).scores
    covered = union(decode(maps_of_discs(64, [(20, 20, 6, 0.8)]), Settings()).runs, 64, 64)
    shared = (covered & (maps[-1] == 1)).sum() / (covered | (maps[-1] == 1)).sum()
    assert score == pytest.approx(0.8 * np.sqrt(shared))


def test_agreement_matches_masks():
    labels = ellipses(60, 70, 12, seed=4)
    generator = np.random.default_rng(0)
    outlines = star_outlines(*generator.integers(0, 60, (2, 13)), generator.uniform(4, 15, (RAYS, 13)))
    polygons = draw([[outline.ravel().tolist()] for outline in outlines], 60, 70)
    expected = []
    for number, outline in enumerate(outlines, start=1):
        mask = union(draw([[outline.ravel().tolist()]], 60, 70), 60, 70)
        expected.append((mask & (labels == number)).sum() / (mask | (labels == number)).sum())
    expected[12] = 1  # the thirteenth has no label
    assert np.ptp(expected[:12]) > 0
    assert agreement(polygons, labels, 13) == pytest.approx(expected)


def test_division_is_by_the_shortest_way_of_high_probability_within_the_foreground():
    probability = np.array([[0.5, 0.9, 0.5, 0.1, 0.5], [0.9, 0.1, 0.5, 0.2, 0.9]])
    foreground = np.array([[1, 1, 1, 0, 1], [1, 0, 1, 1, 1]], dtype=bool)
    labels = divided(probability, foreground, np.array([1, 1, 0]), np.array([0, 4, 3]))
    assert_array_equal(labels, [[1, 1, 1, 0, 2], [1, 0, 1, 2, 2]])  # the third is no foreground


def test_smoothing_makes_one_centre_of_a_dented_middle():
    maps = np.full((RAYS + 2, 40, 40), 0.05, np.float32)
    rows, columns = np.mgrid[:40, :40]
    maps[0] = np.exp(-(((rows - 20) / 6) ** 2) - ((columns - 20) / 12) ** 2)
    maps[0, :, 17:24] -= 0.1
    maps[1:-1] = 3
    assert len(decode(maps, Settings(cell_area=0)).scores) == 3
    assert len(decode(maps, Settings(cell_area=0, sigma=2)).scores) == 1


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
    [
        ({"threshold": 1}, "less than 1"),
        ({"sigma": -1}, "greater than or equal to 0"),
        ({"foreground": 0}, "greater than 0"),
        ({"nms": 0.4}, "valid keys: threshold, sigma, overlap, foreground, cell_area"),
    ],
)
def test_settings_that_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        validate(values, "models.tiny.decoder", Settings)
