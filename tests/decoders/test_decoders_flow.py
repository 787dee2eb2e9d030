import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from monolayer.annotations.rasterise import painted
from monolayer.decoders.flow.decoder import (
    SHARED,
    Settings,
    basins,
    choose,
    decode,
    divide,
    filled,
    flow_errors,
    follow,
)
from monolayer.errors import InputError
from monolayer.heads.flow.head import FlowHead
from monolayer.heads.flow.head import Settings as HeadSettings
from monolayer.parameters import validate


def ellipse(
    size: tuple[int, int], centre: tuple[float, float], radii: tuple[float, float], angle: float = 0
) -> np.ndarray:
    rows, columns = np.indices(size)
    y, x = rows - centre[0], columns - centre[1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return (along / radii[0]) ** 2 + (across / radii[1]) ** 2 <= 1


def perfect_maps(labels: np.ndarray) -> np.ndarray:
    """Return what a perfect net says of a label image."""
    return FlowHead(HeadSettings()).targets(torch.from_numpy(labels)[None])[0].numpy()


def found(maps: np.ndarray, **settings: float | None) -> np.ndarray:
    """Return the label image of the cells that the decoder finds."""
    cells = decode(maps, Settings(**settings))
    return painted(cells.runs, *maps.shape[1:])


def overlaps(truth: np.ndarray, labels: np.ndarray) -> list[float]:
    """Return the largest intersection over union of each true cell."""
    return [
        max(
            ((truth == cell) & (labels == label)).sum() / ((truth == cell) | (labels == label)).sum()
            for label in range(1, labels.max() + 1)
        )
        for cell in np.unique(truth)[1:]
    ]


def one_disc() -> np.ndarray:
    return ellipse((32, 32), (15, 14), (9, 9)).astype(np.int32)


def test_discs_that_touch_are_found():
    labels = np.zeros((60, 80), dtype=np.int32)
    for label, centre in enumerate([(14, 14), (15, 32), (31, 22), (45, 60), (57, 76)], start=1):
        labels[ellipse(labels.shape, centre, (10, 10)) & (labels == 0)] = label
    assert found(perfect_maps(labels)).max() == 5
    assert min(overlaps(labels, found(perfect_maps(labels)))) > 0.99


def test_cells_of_all_shapes_are_found():
    labels = np.zeros((100, 120), dtype=np.int32)
    labels[ellipse(labels.shape, (25, 30), (26, 5), 0.6)] = 1
    labels[ellipse(labels.shape, (40, 30), (26, 5), 0.6) & (labels == 0)] = 2
    labels[10:60, 70:80] = labels[50:60, 70:115] = 3  # an L
    labels[ellipse(labels.shape, (80, 60), (9, 9))] = labels[79:83, 20:100] = labels[80:99, 58:62] = (
        4  # branches
    )
    assert found(perfect_maps(labels)).max() == 4
    assert min(overlaps(labels, found(perfect_maps(labels)))) > 0.95


def test_many_random_cells_are_found():
    random = np.random.default_rng(0)
    labels = np.zeros((160, 160), dtype=np.int32)
    for label, (row, column) in enumerate(np.argwhere(np.ones((6, 6))) * 26 + 15, start=1):
        centre, radii = (row, column) + random.uniform(-1, 1, 2), random.uniform(7, 12, 2)  # noqa: RUF005
        labels[ellipse(labels.shape, centre, radii, random.uniform(0, np.pi)) & (labels == 0)] = label
    assert found(perfect_maps(labels)).max() == 36
    assert min(overlaps(labels, found(perfect_maps(labels)))) > 0.9


def test_a_false_cell_is_removed():
    labels = np.zeros((32, 64), dtype=np.int32)
    labels[ellipse(labels.shape, (15, 14), (9, 9))] = 1
    false = ellipse(labels.shape, (15, 46), (9, 9))
    maps = perfect_maps(labels)
    maps[0, false] = 1
    to_its_edge = np.array([15, 38])[:, None, None] - np.indices(labels.shape)
    maps[1:, false] = (to_its_edge / np.maximum(np.hypot(*to_its_edge), 1))[:, false]
    assert found(maps, flow_error=None).max() == 2
    assert_array_equal(found(maps), labels)


def squares_and_flow() -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.zeros(5, 11, dtype=torch.int32)
    labels[1:4, 1:4], labels[1:4, 7:10] = 1, 3
    return labels, torch.from_numpy(perfect_maps(labels.numpy()))[1:]


def test_error_of_the_flow_is_that_of_its_direction():
    labels, flow = squares_and_flow()
    flow[:, 2, 9] = torch.tensor([1.0, 0.0])  # a right angle: 2 for one of 8 pixels
    assert_allclose(flow_errors(labels, flow), [0, 0, 0, 0.25], atol=1e-6)
    flow[:, 2, 9] = torch.tensor([0.0, 1.0])  # backwards
    assert_allclose(flow_errors(labels, flow), [0, 0, 0, 0.5], atol=1e-6)


def test_where_the_flow_is_short_its_direction_counts_less():
    labels, flow = squares_and_flow()
    flow *= 0.45  # of a whole cell: nothing
    assert_allclose(flow_errors(labels, flow), 0, atol=1e-6)
    flow[:, 2, 9] = torch.tensor([0.0, 0.05])
    assert_allclose(flow_errors(labels, flow)[3], 4 * 0.05 / (7 * 0.45 + 0.05), atol=1e-6)


def test_a_cell_without_any_flow_has_no_error():
    labels, flow = squares_and_flow()
    assert_array_equal(flow_errors(labels, 0 * flow), 0)


def test_cells_whose_flow_disagrees_score_lower():
    labels = np.zeros((32, 64), dtype=np.int32)
    for label, column in ((1, 14), (2, 46)):
        labels[ellipse(labels.shape, (15, column), (9, 9))] = label
    maps = perfect_maps(labels)
    down, right = maps[1:, :, 32:].copy()
    maps[1:, :, 32:] = np.cos(0.5) * down - np.sin(0.5) * right, np.sin(0.5) * down + np.cos(0.5) * right
    unsure, sure = sorted(decode(maps, Settings()).scores)  # in a spiral to the centre
    assert sure == pytest.approx(1, abs=0.01)
    assert unsure == pytest.approx(np.exp(-2 * (1 - np.cos(0.5))), abs=0.01)


def test_flows_of_a_short_training_are_right_by_default():
    maps = perfect_maps(one_disc())
    maps[1:] *= 0.45
    assert_array_equal(found(maps), one_disc())
    assert decode(maps, Settings()).scores == pytest.approx(1, abs=0.01)


def test_what_is_divided_once_may_be_chosen_from_by_other_settings():
    labels = np.zeros((32, 80), dtype=np.int32)
    for label, (column, radius) in enumerate([(12, 9), (36, 9), (60, 3)], start=1):
        labels[ellipse(labels.shape, (15, column), (radius, radius))] = label
    maps = perfect_maps(labels)
    down, right = maps[1:, :, 24:48].copy()
    maps[1:, :, 24:48] = np.cos(0.5) * down - np.sin(0.5) * right, np.sin(0.5) * down + np.cos(0.5) * right
    divided = divide(maps, Settings())
    for others, count in (({"flow_error": 0.1}, 1), ({"flow_error": None, "cell_area": 0}, 3), ({}, 2)):
        assert not set(others) & set(SHARED)
        own, whole = choose(maps, divided, Settings(**others)), decode(maps, Settings(**others))
        assert len(whole.scores) == count
        for one, other in zip([*own.runs, own.scores], [*whole.runs, whole.scores], strict=True):
            assert_array_equal(one, other)


def test_scores_are_mean_probabilities():
    maps = perfect_maps(one_disc())
    maps[0] *= np.where(np.arange(32) < 15, 0.75, 1).astype(np.float32)
    cells = decode(maps, Settings())
    assert_allclose(cells.scores, [maps[0][one_disc() > 0].mean()])


def test_threshold():
    maps = perfect_maps(one_disc())
    maps[0] *= 0.6
    assert found(maps).max() == 1
    assert found(maps, threshold=0.7).max() == 0


def test_small_cells_are_removed_and_the_others_renumbered():
    labels = np.zeros((32, 48), dtype=np.int32)
    for label, (centre, radius) in enumerate([((9, 9), 7), ((24, 20), 3), ((16, 36), 9)], start=1):
        labels[ellipse(labels.shape, centre, (radius, radius))] = label
    assert found(perfect_maps(labels), cell_area=0).max() == 3
    large = found(perfect_maps(labels), cell_area=30)
    assert_array_equal(np.unique(large), [0, 1, 2])
    assert_array_equal(large > 0, (labels == 1) | (labels == 3))


def test_holes_of_cells_are_filled():
    maps = perfect_maps(one_disc())
    maps[0, 10:12, 15:17] = 0
    assert_array_equal(found(maps), one_disc())


def test_filled_cells_are_those_of_scipy():
    random = np.random.default_rng(0)
    labels = np.kron(np.array([[1, 2], [0, 3]]), np.ones((12, 12), dtype=np.int64))
    labels[random.random(labels.shape) < 0.2] = 0
    expected = labels.copy()
    for label in (1, 2, 3):
        expected[ndimage.binary_fill_holes(labels == label)] = label
    assert (expected != labels).any()
    assert_array_equal(filled(labels, labels.size), expected)


def test_large_holes_stay():
    labels = np.ones((9, 12), dtype=np.int64)
    labels[2:4, 2:5] = labels[6, 2:9] = 0
    expected = labels.copy()
    expected[2:4, 2:5] = 1
    assert_array_equal(filled(labels, 7), expected)


def test_rings_are_found_with_what_they_enclose_left_out():
    labels = (ellipse((64, 64), (31, 31), (26, 26)) & ~ellipse((64, 64), (31, 31), (17, 17))).astype(np.int32)
    ring = found(perfect_maps(labels))
    assert ring.max() == 1
    assert min(overlaps(labels, ring)) > 0.9


def branching_cells() -> np.ndarray:
    """Two cells with bodies, long branches, a gap of six pixels in one, and a hole in a body."""
    labels = np.zeros((140, 200), dtype=np.int32)
    labels[ellipse(labels.shape, (40, 50), (12, 10))] = 1
    labels[39:42, 50:190] = labels[40:110, 48:51] = labels[108:111, 20:80] = 1
    labels[38:43, 120:126] = 0
    labels[38:42, 47:51] = 0
    labels[ellipse(labels.shape, (90, 140), (14, 14))] = 2
    labels[45:90, 138:141] = labels[89:92, 60:180] = 2
    return labels


def test_branching_cells_are_found_with_their_parts_and_holes():
    labels = branching_cells()
    assert ndimage.label(labels == 1, np.ones((3, 3)))[1] == 2
    assert found(perfect_maps(labels)).max() == 2
    assert min(overlaps(labels, found(perfect_maps(labels)))) > 0.95


def test_a_hole_with_another_cell_stays():
    labels = np.ones((7, 7), dtype=np.int64)
    labels[1:6, 1:6], labels[3, 3] = 0, 2
    assert_array_equal(filled(labels, labels.size), labels)


@pytest.mark.parametrize("shape", [(32, 32), (1, 1), (7, 40)])
def test_no_foreground_is_no_cell(shape):
    cells = decode(np.zeros((3, *shape), dtype=np.float32), Settings())
    assert cells.scores.shape == (0,)
    assert len(cells.runs.start) == 0


def test_small_images():
    assert_array_equal(found(perfect_maps(one_disc())), one_disc())
    assert_array_equal(found(perfect_maps(np.ones((1, 40), np.int32))), np.ones((1, 40)))


def test_noise_gives_the_same_cells_twice():
    maps = np.random.default_rng(0).normal(size=(3, 48, 64)).astype(np.float32)
    maps[1:] = ndimage.gaussian_filter(maps[1:], (0, 3, 3)) * 10
    first, second = (decode(maps, Settings(flow_error=None)) for _ in range(2))
    assert len(first.scores) > 0
    for one, other in zip([*first.runs, first.scores], [*second.runs, second.scores], strict=True):
        assert_array_equal(one, other)


def test_points_take_euler_steps_between_the_pixels():
    random = np.random.default_rng(0)
    flow = ndimage.gaussian_filter(random.normal(size=(2, 20, 30)), (0, 3, 3)) * 5
    starts = np.argwhere(np.ones((20, 30)))
    points = starts.astype(float)
    for _ in range(30):
        step = [ndimage.map_coordinates(plane, points.T, order=1, mode="nearest") for plane in flow]
        points = np.clip(points + np.stack(step, axis=1), 0, [19, 29])
    ends = follow(torch.from_numpy(flow).float(), torch.from_numpy(starts), steps=30).numpy()
    assert np.abs(ends - points).max() < 0.6
    assert (np.abs(points - starts) > 5).any()


def test_peaks_grow_and_the_higher_one_has_the_pixel_between():
    ends = torch.zeros(3, 25, dtype=torch.int64)
    ends[1] = torch.tensor([11, 9, 3, 4, 3, 5, 30, 0, 12, 0, 0, 0, 9, 0, 0, 0, 15, 3, 3, 3, 3, 3, 3, 3, 2])
    labels = basins(ends)
    # 12 is too near to 30 and too far to be grown into, 9 is too low; growth ends after five pixels.
    assert labels[1].tolist() == [1, 1, 1, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0, 0]
    assert not labels[[0, 2]].any()


def test_the_first_of_equal_peaks_is_the_seed():
    ends = torch.tensor([[20, 20, 20], [20, 20, 0]])
    assert basins(ends).tolist() == [[1, 1, 1], [1, 1, 0]]


def test_a_wrong_setting_is_an_error():
    with pytest.raises(InputError, match=r"decode\.flow_error.*greater than 0"):
        validate({"flow_error": 0}, "decode", Settings)
