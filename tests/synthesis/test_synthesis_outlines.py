import numpy as np
import pytest

from monolayer.synthesis.cell_types import CELL_TYPES
from monolayer.synthesis.outlines import Bodies, angles, draw_radii, from_image, to_image


def test_coordinates_come_back():
    bodies = Bodies(
        centre=np.array([[10.0, 20.0], [5.0, -3.0]]),
        radius=np.array([8.0, 15.0]),
        stretch=np.array([1.5, 1.0]),
        angle=np.array([0.7, -2.0]),
        bend=np.array([0.2, 0.0]),
    )
    theta, rho = np.array([[0.3], [-1.2]]), np.array([[0.8], [1.7]])
    there = to_image(bodies, theta, rho)[:, 0]
    back_theta, back_rho = from_image(bodies, there)
    np.testing.assert_allclose(back_theta, theta[:, 0])
    np.testing.assert_allclose(back_rho, rho[:, 0])


def test_stretched_disc_is_an_ellipse():
    body = Bodies(np.zeros((1, 2)), np.array([10.0]), np.array([2.0]), np.array([0.0]), np.array([0.0]))
    ellipse = to_image(body, angles(4), np.ones((1, 4)))[0]
    np.testing.assert_allclose(ellipse, [[20, 0], [0, 5], [-20, 0], [0, -5]], atol=1e-12)


@pytest.mark.parametrize("name", CELL_TYPES)
def test_outlines_have_the_unit_discs_area(name):
    radii = draw_radii(np.random.default_rng(0), CELL_TYPES[name], 5)
    assert radii.shape == (5, CELL_TYPES[name].points)
    assert radii.min() > 0
    np.testing.assert_allclose(np.mean(radii**2, axis=1), 1)
