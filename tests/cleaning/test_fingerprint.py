"""The perceptual hash."""

from itertools import combinations

import numpy as np
import pytest
from pictures import ALTERATIONS, LIVECELL_MINI, NO_LIVECELL_MINI, dish, real_images

from monolayer.cleaning.correlation import correlation
from monolayer.cleaning.fingerprint import (
    BITS,
    NO_SIGNS,
    ORIENTATIONS,
    find_candidates,
    fingerprint,
    orient,
    orient_fingerprints,
)
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.texture import local_variance

SETTINGS = CleaningSettings()


def sign(image: np.ndarray) -> np.ndarray:
    return fingerprint(local_variance(image))


def is_copy(first: np.ndarray, second: np.ndarray) -> bool:
    found = find_candidates(np.array([sign(first), sign(second)]), SETTINGS.hash_distance)
    scores = [correlation(first, orient(second, candidate.orientation)) for candidate in found]
    return max(scores, default=0.0) >= SETTINGS.correlation


def test_eight_orientations_are_all_different() -> None:
    image = np.arange(12).reshape(3, 4)
    assert (
        len({orient(image, orientation).tobytes() for orientation in ORIENTATIONS}) == len(ORIENTATIONS) == 8
    )


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orienting_the_signs_is_orienting_the_image(orientation: tuple[bool, bool, bool]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8)
    turned = orient_fingerprints(sign(image)[None], ORIENTATIONS[ORIENTATIONS.index(orientation)])[0]
    assert (turned == sign(orient(image, ORIENTATIONS[ORIENTATIONS.index(orientation)]))).all()


def test_distance_against_a_count() -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(30, 16, 16))).astype(np.int8)
    expected = {
        (a, b)
        for a, b in combinations(range(30), 2)
        for orientation in ORIENTATIONS
        if np.sum(signs[a] != orient_fingerprints(signs[b][None], orientation)[0]) <= 110
    }
    assert 0 < len(expected) < 400
    assert {(found.first, found.second) for found in find_candidates(signs, 110)} == expected


def test_the_blocks_of_the_search_join(monkeypatch: pytest.MonkeyPatch) -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(700, 16, 16))).astype(np.int8)
    signs[600] = orient_fingerprints(signs[20][None], ORIENTATIONS[5])[0]
    pairs = [found[:2] for found in find_candidates(signs, 0)]
    assert pairs == [(20, 600)]


def test_one_grey_level_is_like_nothing() -> None:
    flat = [sign(np.full((64, 64), level, np.uint8)) for level in (0, 90, 90)]
    assert all((signs == NO_SIGNS).all() for signs in flat)
    assert find_candidates(np.array(flat), BITS // 2 - 1) == []


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_altered_copies_are_found(alteration: str) -> None:
    for seed in range(6):
        image, _ = dish(seed)
        assert is_copy(image, ALTERATIONS[alteration](image)), seed


def test_different_dishes_are_no_copies() -> None:
    images = [dish(seed)[0] for seed in range(25)]
    assert not any(is_copy(a, b) for a, b in combinations(images, 2))


def test_cells_that_stay_while_others_move_make_no_copy() -> None:
    (image, _), (later, _) = dish(0), dish(1)
    later[:70] = image[:70]
    assert not is_copy(image, later)


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason=NO_LIVECELL_MINI)
def test_real_copies_are_found_and_different_images_are_not() -> None:
    images = list(real_images().values())
    assert len(images) == 44
    signs = np.array([sign(image) for image in images])
    assert find_candidates(signs, SETTINGS.hash_distance) == []
    for image, alter in zip(images, [*ALTERATIONS.values()] * 4, strict=False):
        assert is_copy(image, alter(image))
