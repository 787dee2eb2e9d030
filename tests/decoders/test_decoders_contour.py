import numpy as np
from numpy.testing import assert_array_equal

from monolayer.annotations.rasterise import painted
from monolayer.decoders.contour.decoder import Settings, decode
from monolayer.predictions.cells import Cells

SMALL = Settings(seed_area=1, hole_area=3, cell_area=1)


def maps(inside: list[list[float]], contour: list[list[float]]) -> np.ndarray:
    planes = np.array([inside, contour], dtype=np.float32)
    return np.concatenate([1 - planes.sum(axis=0, keepdims=True), planes])


def labels(cells: Cells, shape: tuple[int, int]) -> np.ndarray:
    return painted(cells.runs, *shape)


def test_cells_meet_at_the_contour_between_them():
    cells = decode(maps([[0.9, 0.9, 0.3, 0.1, 0.3, 0.9, 0.0]], [[0.1, 0.1, 0.6, 0.8, 0.6, 0.1, 0.2]]), SMALL)
    (row,) = labels(cells, (1, 7)).tolist()
    assert row[:3] == [1, 1, 1]
    assert row[4:] == [2, 2, 0]
    assert row[3] in (1, 2)
    assert cells.scores.max() <= 1


def test_scores_are_mean_probabilities_of_the_cell():
    cells = decode(maps([[0.9, 0.0], [0.7, 0.0]], [[0.1, 0.0], [0.1, 0.0]]), SMALL)
    np.testing.assert_allclose(cells.scores, [0.9], atol=1e-6)


def test_foreground_without_an_inside_is_no_cell():
    cells = decode(maps([[0.2, 0.2, 0.0]], [[0.7, 0.7, 0.0]]), SMALL)
    assert len(cells.scores) == 0


def test_holes_are_filled():
    inside = np.full((5, 5), 0.9)
    inside[2, 2] = 0.0
    cells = decode(maps(inside.tolist(), np.zeros((5, 5)).tolist()), SMALL)
    assert_array_equal(labels(cells, (5, 5)), np.ones((5, 5)))


def test_small_seeds_and_small_cells_go():
    inside = [[0.9, 0.9, 0.9, 0.0, 0.9]]
    nothing = [[0.0] * 5]
    assert labels(decode(maps(inside, nothing), SMALL), (1, 5)).tolist() == [[1, 1, 1, 0, 2]]
    for settings in ({"seed_area": 2}, {"cell_area": 2}):
        chosen = SMALL.model_copy(update=settings)
        assert labels(decode(maps(inside, nothing), chosen), (1, 5)).tolist() == [[1, 1, 1, 0, 0]]


def test_an_empty_image_has_no_cells():
    assert len(decode(maps([[0.0] * 4] * 4, [[0.0] * 4] * 4), Settings()).scores) == 0
