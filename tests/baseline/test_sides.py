"""The side of the thresholds."""

import numpy as np

from monolayer.baseline.sides import choose_side


def test_images_of_one_kind_of_pixel_do_not_count() -> None:
    dark = [10, 10, 30, 150]
    assert choose_side(np.array([dark, [0, 200, 0, 0], [0, 0, 200, 0], [200, 0, 0, 0]])) == "dark"
    assert choose_side(np.array([[0, 200, 0, 0], [0, 0, 0, 200]])) == "dark"


def test_nothing_known_is_dark() -> None:
    assert choose_side(np.zeros((0, 4), np.int64)) == "dark"


def test_the_mean_over_images_decides() -> None:
    strongly_bright, weakly_dark = [0, 100, 100, 0], [60, 40, 40, 60]
    assert choose_side(np.array([strongly_bright, weakly_dark])) == "bright"
    assert choose_side(np.array([strongly_bright] + [weakly_dark] * 6)) == "dark"
