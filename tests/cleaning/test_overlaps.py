"""Overlapping tiles: local features, and the pairs that they propose."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from pictures import LIVECELL_MINI, NO_LIVECELL_MINI, field, jpeg, noisy, real_images

from monolayer.cleaning.comparable import Comparable
from monolayer.cleaning.local_features import FEATURES, NO_FEATURES, local_features
from monolayer.cleaning.overlaps import Overlap, find_overlaps


def overlaps(images: list[np.ndarray], most: int = 4) -> list[Overlap]:
    zeros = np.zeros(len(images), np.int64)
    compared = Comparable(zeros, zeros - 1, zeros, np.arange(len(images)))
    return find_overlaps([local_features(image) for image in images], most, compared)


def test_features_move_with_the_image() -> None:
    image = np.zeros((200, 240), np.uint8)
    rows, columns = np.mgrid[:200, :240]
    for row, column in ((60, 70), (60, 150), (140, 110)):
        image[np.hypot(rows - row, columns - column) < 5] = 200
    features = local_features(image)
    found = {(row, column) for row, column in features.places.tolist()}
    assert all(
        min(abs(r - row) + abs(c - column) for r, c in found) <= 4
        for row, column in ((60, 70), (60, 150), (140, 110))
    )
    moved = local_features(np.roll(image, (6, -10), (0, 1)))
    assert {(row + 6, column - 10) for row, column in found} == {tuple(p) for p in moved.places.tolist()}


@pytest.mark.parametrize("image", [np.full((128, 160), 9, np.uint8), np.zeros((7, 9), np.float32)])
def test_nothing_to_see(image: np.ndarray) -> None:
    assert local_features(image).signs.shape == NO_FEATURES.signs.shape
    assert overlaps([image, image]) == []


def test_a_large_image_takes_little_memory() -> None:
    image = np.tile(field(0), (10, 10))
    tracemalloc.start()
    local_features(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * image.size  # bytes


def test_an_inverted_image_has_the_same_features() -> None:
    image = field(0)
    one, other = local_features(image), local_features(255 - image)
    assert len(one.places) == FEATURES
    assert np.array_equal(one.places, other.places)
    assert np.mean(one.signs != other.signs) < 0.01


def test_tiles_of_one_field() -> None:
    whole, other = field(1, 240, 420), field(2, 240, 280)
    left, right = whole[:230, :280], jpeg(np.ascontiguousarray(whole[10:, 140:]), 70)
    (found,) = overlaps([left, other, right])
    assert found[:2] == (0, 2)
    assert np.abs(np.array(found.shift) - (10, 140)).max() <= 4


def test_only_so_many_of_an_image() -> None:
    images = [noisy(field(3), sd) for sd in range(5)]
    assert [pair[:2] for pair in overlaps(images, most=2)] == [
        *((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (0, 4), (1, 4))
    ]


def test_the_blocks_of_the_search_join() -> None:
    images = [field(seed, 120, 160) for seed in range(40)]
    images.append(images[3][5:, 8:])
    assert [pair[:2] for pair in overlaps(images)] == [(3, 40)]


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason=NO_LIVECELL_MINI)
def test_real_tiles_are_found_and_different_images_are_not() -> None:
    images = list(real_images().values())
    assert overlaps(images) == []
    tiles = [tile for image in images[::4] for tile in (image[:500, :470], image[20:, 234:])]
    found = {pair[:2] for pair in overlaps(tiles)}
    expected = set(pairwise(range(len(tiles)))) - {(n, n + 1) for n in range(1, len(tiles), 2)}
    assert found <= expected
    assert len(found) > 0.8 * len(expected)
