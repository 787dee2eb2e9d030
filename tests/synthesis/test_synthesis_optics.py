import numpy as np
import pytest

from monolayer.synthesis.optics import expose, fine_structure, phase_contrast


def test_even_thickness_is_grey():
    np.testing.assert_allclose(phase_contrast(np.full((40, 40), 50.0), 0.5), 0, atol=1e-9)
    image = expose(np.random.default_rng(0), np.full((200, 200), 50.0), 0.0)
    assert image.dtype == np.uint8
    assert abs(image.mean() - 128) < 1.5
    assert 0.8 < image.std() < 3


def test_edge_is_dark_inside_and_bright_outside():
    contrast = phase_contrast(np.where(np.arange(60) < 30, 40.0, 0.0) * np.ones((60, 1)), 0.0)
    assert contrast[30, 29] < -10
    assert contrast[30, 30] > 10
    assert abs(contrast[30, 10]) < 0.1


def test_shear_shades_opposite_flanks_differently():
    dome = np.exp(-(np.add.outer((np.arange(41) - 20.0) ** 2, (np.arange(41) - 20.0) ** 2)) / 50)
    even, shaded = phase_contrast(dome, 0.0), phase_contrast(dome, 1.0)
    assert even[15, 15] == pytest.approx(even[25, 25])
    assert shaded[15, 15] > shaded[25, 25]


def test_fine_structure_has_unit_variance():
    assert fine_structure(np.random.default_rng(0), (64, 64)).std() == pytest.approx(1)
