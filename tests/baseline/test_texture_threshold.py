"""The local-texture threshold."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import remove_small_objects

from monolayer.baseline.texture import TextureSettings, scaled_variance, texture_threshold
from monolayer.errors import InputError
from monolayer.parameters import validate


def rough_disc(radius: int, hole: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """An image that is even but for noise in a disc with an even hole, and its distances to the centre."""
    rows, columns = np.mgrid[:120, :120]
    distance = np.hypot(rows - 60, columns - 60)
    noise = np.random.default_rng(0).normal(0, 15, distance.shape)
    rough = (distance < radius) & (distance >= hole)
    return np.where(rough, 128 + noise, 128).clip(0, 255).astype(np.uint8), distance


@pytest.mark.parametrize("window", [3, 7])
def test_variance_agrees_with_numpy(window):
    image = np.random.default_rng(0).integers(0, 256, (20, 25), dtype=np.uint8)
    expected = ndimage.generic_filter(image.astype(float), np.var, size=window, mode="mirror")
    assert scaled_variance(image, window) / window**4 == pytest.approx(expected)


def test_variance_is_exact_for_the_largest_values():
    image = np.tile(np.array([[0, 255], [255, 0]], dtype=np.uint8), (10, 10))
    inside = scaled_variance(image, 3)[1:-1, 1:-1]
    assert set(inside.ravel().tolist()) == {255**2 * 20}  # 9 * 255**2 * n - (255 * n)**2 for n = 4 and 5


def test_rough_is_foreground_and_even_is_not():
    image, distance = rough_disc(radius=30)
    mask = texture_threshold(image, TextureSettings())
    assert mask.dtype == bool
    assert mask[distance < 28].all()
    assert not mask[distance > 34].any()


def test_small_holes_are_filled_and_large_ones_are_not():
    small, distance = rough_disc(radius=40, hole=9)
    large, _ = rough_disc(radius=40, hole=25)
    assert texture_threshold(small, TextureSettings())[distance < 9].all()
    assert not texture_threshold(large, TextureSettings())[distance < 15].any()


def test_small_islands_are_removed():
    image, _ = rough_disc(radius=10)
    assert texture_threshold(image, TextureSettings(drop_area=100)).any()
    assert not texture_threshold(image, TextureSettings(drop_area=1000)).any()


def tall_picture() -> np.ndarray:
    """Rough specks and stripes on even ground, of the height of several bands."""
    rng = np.random.default_rng(4)
    rough = ndimage.gaussian_filter(rng.standard_normal((900, 90)), 4) > 0.03
    return np.where(rough, rng.integers(100, 156, rough.shape), 128).astype(np.uint8)


@pytest.mark.parametrize("window", [3, 9])
def test_bands_leave_no_trace(window):
    image = tall_picture()
    # At this level no variance of whole numbers is just on it, where numpy.var may round either way.
    untidied = {"window": window, "level": 2.1}
    untidied |= {"close_radius": 0, "fill_area": 0, "open_radius": 0, "drop_area": 0}
    variance = ndimage.generic_filter(image.astype(float), np.var, size=window, mode="mirror")
    mask = texture_threshold(image, TextureSettings(**untidied))
    assert np.array_equal(mask, variance >= 2.1**2)
    tidied = texture_threshold(image, TextureSettings(**untidied | {"drop_area": 300}))
    assert np.array_equal(tidied, remove_small_objects(mask, max_size=299))
    assert 0 < tidied.sum() < mask.sum()


def test_grey_levels_may_have_fractions():
    image = tall_picture()
    assert np.array_equal(
        texture_threshold(image.astype(np.float32), TextureSettings()),
        texture_threshold(image, TextureSettings()),
    )
    fine = (image / np.float32(16)).astype(np.float32)
    assert scaled_variance(fine, 3) == pytest.approx(scaled_variance(image, 3) / 256)


def test_a_large_image_takes_little_memory():
    image = np.tile(tall_picture()[:512], (8, 8))
    tracemalloc.start()
    texture_threshold(image, TextureSettings())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * image.size  # bytes


def test_brightness_does_not_matter():
    image, _ = rough_disc(radius=30)
    darker = texture_threshold(image - np.uint8(40), TextureSettings())
    assert np.array_equal(texture_threshold(image, TextureSettings()), darker)


def test_float_grey_levels():
    image, _ = rough_disc(radius=30)
    whole = texture_threshold(image, TextureSettings())
    assert np.array_equal(texture_threshold(image.astype(np.float32), TextureSettings()), whole)
    assert np.array_equal(texture_threshold(image.astype(np.float32) / 8, TextureSettings(level=0.25)), whole)


def test_settings_are_closed():
    with pytest.raises(InputError, match=r"baseline\.texture\.sigma: unknown key; valid keys: window, level"):
        validate({"sigma": 1}, "baseline.texture", TextureSettings)


@pytest.mark.parametrize("values", [{"window": 4}, {"window": 1}, {"level": 0}, {"level": "high"}])
def test_settings_refuse(values):
    with pytest.raises(InputError, match=rf"baseline\.texture\.{next(iter(values))}"):
        validate(values, "baseline.texture", TextureSettings)
