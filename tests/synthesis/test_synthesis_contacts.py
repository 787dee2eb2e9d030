import numpy as np
import pytest

from monolayer.synthesis.contacts import press
from monolayer.synthesis.outlines import Bodies, angles, to_image
from monolayer.synthesis.population import Snapshot


def two_discs(distance: float, rounded: tuple[bool, bool] = (False, False)) -> Snapshot:
    centre = np.array([[0.0, 0.0], [distance, 0.0]])
    bodies = Bodies(centre, np.full(2, 10.0), np.ones(2), np.zeros(2), np.zeros(2))
    return Snapshot(bodies, np.ones((2, 40)), np.array(rounded))


def outlines(cells: Snapshot, overlap: float) -> np.ndarray:
    return to_image(cells.bodies, angles(40), press(cells, overlap))


def test_apart_they_keep_their_outline():
    assert press(two_discs(25), 0.0).tolist() == np.ones((2, 40)).tolist()


def test_equal_discs_meet_half_way():
    left, right = outlines(two_discs(14), 0.0)
    assert left[:, 0].max() == pytest.approx(7, abs=0.05)
    assert right[:, 0].min() == pytest.approx(7, abs=0.05)
    assert left[:, 0].min() == pytest.approx(-10)


def test_overlap_reaches_below_the_neighbour():
    left, right = outlines(two_discs(14), 0.1)
    assert 0.2 < left[:, 0].max() - right[:, 0].min() < 2


def test_spread_cell_yields_to_round_cell():
    spread, ball = press(two_discs(14, (False, True)), 0.0)
    assert spread.min() < 0.75
    assert ball.tolist() == np.ones(40).tolist()
