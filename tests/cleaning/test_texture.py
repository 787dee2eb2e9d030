"""Local texture."""

import tracemalloc

import numpy as np
import pytest

from monolayer.cleaning.texture import block_mean, local_variance


def test_block_mean_leaves_out_the_same_on_both_sides() -> None:
    image = np.zeros((4, 6), np.uint8)
    image[:, 0] = image[:, 5] = 200
    assert block_mean(image).tolist() == [[0.0]]


def test_block_mean_against_a_loop() -> None:
    image = np.random.default_rng(0).integers(0, 65026, (13, 18)).astype(np.uint16)
    expected = [[image[y : y + 4, x : x + 4].mean() for x in (1, 5, 9, 13)] for y in (0, 4, 8)]
    assert block_mean(image).tolist() == expected


def test_variance_is_that_of_the_twelve_pixels_around() -> None:
    image = np.random.default_rng(1).integers(0, 256, (20, 20)).astype(np.uint8)
    assert local_variance(image)[2, 2] == pytest.approx(image[4:16, 4:16].var())


@pytest.mark.parametrize("level", [0, 7, 255])
def test_one_grey_level_has_no_variance(level: int) -> None:
    assert not local_variance(np.full((16, 16), level, np.uint8)).any()


def test_variance_of_an_image_of_several_bands() -> None:
    image = np.random.default_rng(2).integers(0, 256, (1201, 22)).astype(np.uint8)
    around = np.lib.stride_tricks.sliding_window_view(image[:, 1:], (12, 12))[::4, ::4]
    assert local_variance(image)[1:-1, 1:-1] == pytest.approx(around.var(axis=(2, 3)))


def test_grey_levels_may_have_fractions() -> None:
    whole = np.random.default_rng(3).integers(0, 256, (40, 40)).astype(np.uint8)
    assert np.array_equal(local_variance(whole.astype(np.float32)), local_variance(whole))
    fine = (whole / np.float32(16)).astype(np.float32)
    assert local_variance(fine) == pytest.approx(local_variance(whole) / 256)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_large_image_takes_little_memory(dtype: type) -> None:
    image = np.ones((4096, 1024), dtype)
    tracemalloc.start()
    local_variance(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * image.size  # bytes


def test_float_grey_levels_have_the_variance_of_whole_ones() -> None:
    image = np.random.default_rng(1).integers(0, 256, (21, 30)).astype(np.uint8)
    expected = local_variance(image)
    assert local_variance(image.astype(np.float32)) == pytest.approx(expected)
    assert local_variance(image.astype(np.float32) / 16 + 3) == pytest.approx(expected / 256)
