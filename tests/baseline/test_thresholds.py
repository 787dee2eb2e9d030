"""Classical thresholds."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters

from monolayer.baseline.thresholds import HISTOGRAM_FILTERS, dilate_erode, histogram_threshold


def two_populations() -> np.ndarray:
    """Dark columns around 60, bright ones around 180."""
    generator = np.random.default_rng(0)
    image = np.where(np.arange(80) < 30, 60, 180) + generator.normal(0, 8, (60, 80))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", ["otsu", "huang"])
def test_the_dark_side_is_foreground(method):
    mask = histogram_threshold(two_populations(), method)
    assert mask.dtype == bool
    assert mask[:, :30].all()
    assert not mask[:, 30:].any()


@pytest.mark.parametrize("method", HISTOGRAM_FILTERS)
def test_foreground_is_everything_up_to_one_level(method):
    image = two_populations()
    mask = histogram_threshold(image, method)
    assert 0 < mask.mean() < 1
    assert image[mask].max() < image[~mask].min()


@pytest.mark.parametrize("method", HISTOGRAM_FILTERS)
def test_the_bright_side_is_the_rest(method):
    image = two_populations()
    assert np.array_equal(histogram_threshold(image, method, "bright"), ~histogram_threshold(image, method))


@pytest.mark.parametrize("method", HISTOGRAM_FILTERS)
def test_float_grey_levels_are_divided_as_whole_ones_are(method):
    image = two_populations()
    fine = (image / 2 + np.random.default_rng(3).uniform(-0.25, 0.25, image.shape)).astype(np.float32)
    assert np.mean(histogram_threshold(fine, method) == histogram_threshold(image, method)) > 0.97


def test_otsu_of_float_grey_levels_agrees_with_scikit_image():
    image = np.random.default_rng(1).gamma(4, 5, (100, 120)).clip(0, 255).astype(np.float32)
    expected = image <= filters.threshold_otsu(image)
    assert np.mean(histogram_threshold(image, "otsu") == expected) > 0.98


def test_otsu_agrees_with_scikit_image():
    image = np.random.default_rng(1).normal(128, 12, (100, 120)).clip(0, 255).astype(np.uint8)
    expected = image <= filters.threshold_otsu(image)
    assert np.mean(histogram_threshold(image, "otsu") == expected) > 0.95


def disc(radius: int) -> np.ndarray:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return rows**2 + columns**2 <= (radius + 0.5) ** 2  # ITK's ball reaches half a pixel further


def test_dilation_and_erosion_agree_with_scipy():
    mask = np.random.default_rng(2).random((90, 90)) < 0.004
    dilated = ndimage.binary_dilation(mask, disc(9))
    expected = ndimage.binary_erosion(dilated, disc(4), border_value=1)
    assert np.array_equal(dilate_erode(mask, dilate_radius=9, erode_radius=4), expected)


def test_a_ring_is_filled_and_a_speck_removed():
    rows, columns = np.mgrid[:100, :100]
    distance = np.hypot(rows - 35, columns - 35)
    mask = (distance > 8) & (distance < 20)
    mask[80, 80] = True
    filled = dilate_erode(mask, dilate_radius=9, erode_radius=11)
    assert filled[distance < 15].all()
    assert not filled[65:, 65:].any()
