"""Similarity of images that are laid on each other."""

import numpy as np
import pytest
from pictures import dish, field, noisy, resized

from monolayer.cleaning.correlation import correlation
from monolayer.cleaning.registration import similarity


@pytest.mark.parametrize("shift", [(2, 0), (0, -2), (10, 7), (-31, 40)])
def test_moved(shift: tuple[int, int]) -> None:
    whole = field(0)
    first = whole[40:160, 50:250]
    second = whole[40 + shift[0] : 160 + shift[0], 50 + shift[1] : 250 + shift[1]]
    assert abs(correlation(first, second)) < 0.9
    assert similarity(first, second, 0.95) == 1
    assert similarity(first, 255 - second, 0.95) == 1


def test_tiles_that_share_half_need_no_more_than_a_rough_shift() -> None:
    whole = field(1)
    first, second = whole[:, :200], whole[:, 100:]
    assert similarity(first, second, 0.95, (2, 98)) == 1


def test_tiles_that_share_a_third_are_no_copies() -> None:
    whole = field(1)
    assert similarity(whole[:, :180], whole[:, 120:], 0.95, (0, 120)) < 0.5


def test_another_size() -> None:
    image = field(2)
    for factor in (0.5, 0.8, 1.3, 2.0):
        assert similarity(image, resized(image, factor), 0.95) > 0.98


def test_float_grey_levels() -> None:
    image = field(3).astype(np.float32) / 7 + 0.125
    assert similarity(image, 255 - image[3:, :-4], 0.95) == 1


def test_a_large_image_is_compared_when_reduced() -> None:
    small = field(4, 330, 400)
    large = small.repeat(6, axis=0).repeat(6, axis=1)
    assert similarity(large, noisy(large, 5)[12:], 0.95) > 0.98
    assert similarity(large, field(5, 330, 400).repeat(6, axis=0).repeat(6, axis=1), 0.95) < 0.5


def test_different_images() -> None:
    assert similarity(field(6), field(7), 0.95) < 0.5
    assert similarity(dish(0)[0], dish(1)[0], 0.95) < 0.5


def test_one_grey_level_is_like_nothing() -> None:
    flat = np.full((128, 160), 9, np.uint8)
    assert similarity(flat, flat, 0.95) == similarity(flat[2:], dish(0)[0], 0.95) == 0


def test_scores_have_four_decimals() -> None:
    score = similarity(field(8), noisy(field(8), 30), 0.999)
    assert 0 < score < 1
    assert score == round(score, 4)
