"""The perceptual hash."""

from itertools import combinations

import numpy as np
import pytest
from pictures import ALTERATIONS, LIVECELL_MINI, NO_LIVECELL_MINI, dish, real_images

from monolayer.cleaning.comparable import Comparable
from monolayer.cleaning.fingerprint import (
    BITS,
    NO_SIGNS,
    ORIENTATIONS,
    fingerprint,
    orient,
    orient_fingerprints,
)
from monolayer.cleaning.hash_search import Candidate, best_orientation, find_candidates
from monolayer.cleaning.overlaps import find_overlaps
from monolayer.cleaning.registration import similarity
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import appearance
from monolayer.cleaning.texture import local_variance
from monolayer.cleaning.thumbnails import may_be_copies, thumbnail

SETTINGS = CleaningSettings()


def sign(image: np.ndarray) -> np.ndarray:
    return fingerprint(local_variance(image))


def compared(count: int) -> Comparable:
    """Each of so many images may be compared with each."""
    zeros = np.zeros(count, np.int64)
    return Comparable(zeros, zeros - 1, zeros, np.arange(count))


def search(signs: np.ndarray, max_distance: int, most: int = 4) -> list[Candidate]:
    """Search among images of which each may be compared with each."""
    return find_candidates(signs, max_distance, most, compared(len(signs)))


def is_copy(first: np.ndarray, second: np.ndarray) -> bool:
    (signs, features) = zip(
        *(appearance(image, local_variance(image)) for image in (first, second)), strict=True
    )
    enough = SETTINGS.correlation
    ways = [(pair.orientation, (0, 0)) for pair in search(np.array(signs), SETTINGS.hash_distance)]
    ways += [(ORIENTATIONS[0], pair.shift) for pair in find_overlaps(features, 4, compared(2))]
    return any(
        may_be_copies(thumbnail(first), thumbnail(second), orientation, shift)
        and similarity(first, orient(second, orientation), enough, shift) >= enough
        for orientation, shift in ways
    )


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
    assert {(found.first, found.second) for found in search(signs, 110, most=30)} == expected


def test_only_the_nearest_are_candidates() -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(5, 16, 16))).astype(np.int8)
    signs[1:] = signs[0]
    for number, distance in enumerate((9, 3, 3, 0, 25)):
        signs[number].ravel()[:distance] *= -1
    found = [(candidate.first, candidate.second) for candidate in search(signs, 22, most=2)]
    assert found == [(0, 1), (1, 2), (0, 2), (1, 3), (2, 3), (0, 4), (1, 4)]


@pytest.mark.parametrize(
    ("first", "second", "compared"),
    [
        ((0, -1, 0, 0), (0, -1, 0, 1), True),
        ((0, -1, 0, 0), (1, -1, 0, 1), False),
        ((0, -1, 0, 0), (0, -1, 0, 0), False),
        ((0, 3, 1, 0), (0, 3, 2, 1), False),
        ((0, 3, 1, 0), (0, 3, 1, 1), True),
        ((0, 3, 1, 0), (0, 4, 2, 1), True),
    ],
)
def test_what_is_compared(first: tuple[int, ...], second: tuple[int, ...], compared: bool) -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(1, 16, 16))).astype(np.int8).repeat(2, axis=0)
    columns = (np.array(column) for column in zip(first, second, strict=True))
    assert bool(find_candidates(signs, 0, 1, Comparable(*columns))) == compared


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_best_orientation(orientation: tuple[bool, bool, bool]) -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(16, 16))).astype(np.int8)
    turned = orient_fingerprints(signs[None], ORIENTATIONS[ORIENTATIONS.index(orientation)])[0]
    turned = turned.copy()  # some orientations are views
    turned[3, 4] *= -1
    distance, back = best_orientation(signs, turned)
    assert distance == 1
    image = np.arange(6).reshape(2, 3)
    there = orient(image, ORIENTATIONS[ORIENTATIONS.index(orientation)])
    assert (orient(there, back) == image).all()


def test_the_blocks_of_the_search_join(monkeypatch: pytest.MonkeyPatch) -> None:
    signs = np.sign(np.random.default_rng(0).normal(size=(700, 16, 16))).astype(np.int8)
    signs[600] = orient_fingerprints(signs[20][None], ORIENTATIONS[5])[0]
    pairs = [found[:2] for found in search(signs, 0)]
    assert pairs == [(20, 600)]


def test_one_grey_level_is_like_nothing() -> None:
    flat = [sign(np.full((64, 64), level, np.uint8)) for level in (0, 90, 90)]
    assert all((signs == NO_SIGNS).all() for signs in flat)
    assert search(np.array(flat), BITS // 2 - 1) == []


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
    assert search(signs, SETTINGS.hash_distance) == []
    for image, alter in zip(images, [*ALTERATIONS.values()] * 4, strict=False):
        assert is_copy(image, alter(image))
