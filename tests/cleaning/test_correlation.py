"""Normalised cross-correlation."""

import numpy as np
import pytest
from pictures import dish, jpeg, noisy, stretch
from scipy import ndimage

from monolayer.cleaning.correlation import correlation, noise_free_correlation


def test_against_corrcoef() -> None:
    a, b = dish(0)[0], dish(1)[0]
    smooth = [ndimage.uniform_filter(image.astype(float), 3).ravel() for image in (a, b)]
    assert correlation(a, b) == pytest.approx(np.corrcoef(*smooth)[0, 1])


def test_brightness_and_contrast_do_not_count() -> None:
    image = dish(0)[0]
    assert correlation(image, stretch(image, contrast=0.8, brightness=10)) > 0.99
    assert correlation(image, jpeg(image, 50)) > 0.9


def test_inverted_is_minus_one() -> None:
    image = dish(0)[0]
    assert correlation(image, 255 - image) == pytest.approx(-1)


def test_one_grey_level_correlates_with_nothing() -> None:
    flat = np.full((128, 160), 9, np.uint8)
    assert correlation(flat, flat) == correlation(flat, dish(0)[0]) == 0


def test_noise_of_one_of_them_is_set_aside() -> None:
    image = dish(0)[0]
    for copy in (noisy(image, 8), jpeg(noisy(image, 4), 40)):
        assert correlation(image, copy) < noise_free_correlation(image, copy) <= 1
    # The noise's variance, of which averaging over 3 x 3 pixels leaves a ninth, added to that of the image:
    smooth = ndimage.uniform_filter(image.astype(float), 3)
    expected = 1 / np.sqrt(1 + 8**2 / 9 / smooth.var())
    assert correlation(image, noisy(image, 8)) == pytest.approx(expected, abs=0.01)
    assert noise_free_correlation(image, noisy(image, 8)) == pytest.approx(1, abs=0.01)


def test_equally_noisy_images_correlate_as_they_are() -> None:
    first, second = noisy(dish(0)[0], 8), noisy(dish(1)[0], 8)
    assert noise_free_correlation(first, second) == pytest.approx(correlation(first, second), abs=0.01)


def test_at_most_half_of_an_image_is_noise() -> None:
    image, noise = np.zeros((2, 60, 60), np.float32)
    image[30:] = 1
    noise[:] = image + np.random.default_rng(0).normal(0, 30, image.shape)
    assert noise_free_correlation(image, noise) == pytest.approx(correlation(image, noise) * np.sqrt(2))


def test_without_noise_one_grey_level_correlates_with_nothing() -> None:
    assert noise_free_correlation(np.full((128, 160), 9, np.uint8), dish(0)[0]) == 0
