"""Normalised cross-correlation."""

import numpy as np
import pytest
from pictures import dish, jpeg, stretch
from scipy import ndimage

from monolayer.cleaning.correlation import correlation


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
