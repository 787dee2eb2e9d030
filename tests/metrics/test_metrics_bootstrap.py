"""Draws of groups of images: their variance against theory, strata, and what is seeded."""

import numpy as np
import pytest

from monolayer.metrics.bootstrap import Sampling, draw_images, sampling_of


def alone(images: int) -> Sampling:
    """Each image is a group."""
    return sampling_of(map(str, range(images)), ["A172"] * images)


def means_of(values: np.ndarray, sampling: Sampling, resamples: int = 20_000, seed: int = 0) -> np.ndarray:
    weights = draw_images(sampling, resamples, seed)
    return weights @ values / weights.sum(axis=1)


@pytest.mark.parametrize("images", [2, 3, 16])
def test_the_spread_of_drawn_means_is_their_standard_error(images: int):
    values = np.random.default_rng(3).normal(0.8, 0.1, images)
    expected = values.std(ddof=1) / np.sqrt(images)
    assert means_of(values, alone(images)).std() == pytest.approx(expected, rel=0.02)


def test_differences_are_paired():
    generator = np.random.default_rng(3)
    difficulty = generator.normal(0, 0.1, 40)
    one, other = 0.8 + difficulty, 0.75 + difficulty + generator.normal(0, 0.01, 40)
    difference = means_of(one, alone(40)) - means_of(other, alone(40))
    assert difference.std() < 0.2 * means_of(one, alone(40)).std()


def test_images_of_a_group_are_drawn_together():
    weights = draw_images(sampling_of("aabbbc", "A" * 6), resamples=50, seed=0)
    for images in ([0, 1], [2, 3, 4]):
        assert (weights[:, images] == weights[:, images[:1]]).all()
    assert set(weights.ravel().tolist()) == {0, 1.5, 3}


def test_the_spread_of_grouped_images_is_that_between_groups():
    of_group = np.random.default_rng(5).normal(0.8, 0.1, 12)
    groups = np.repeat(np.arange(12), 30)
    drawn = means_of(of_group[groups], sampling_of(map(str, groups), ["A172"] * 360))
    assert drawn.std() == pytest.approx(of_group.std(ddof=1) / np.sqrt(12), rel=0.02)


def test_what_differs_between_cell_types_does_not_widen():
    """Two types far from each other, of which each has the same groups."""
    values = np.array([0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1.0])
    sampling = sampling_of("abcdefg", "AAABBBB")
    assert (sampling.groups, sampling.freedom) == (7, 5)
    # sum over types of (images of the type / images)^2 * variance / images of the type
    variance = (3 * values[:3].var(ddof=1) + 4 * values[3:].var(ddof=1)) / 7**2
    assert means_of(values, sampling).std() == pytest.approx(np.sqrt(variance), rel=0.02)


def test_each_draw_has_as_many_images_of_a_type_of_equal_groups():
    weights = draw_images(sampling_of("aabbccddeeff", "AAAABBBBBBBB"), resamples=20, seed=0)
    assert weights[:, :4].sum(axis=1) == pytest.approx(4)
    assert weights[:, 4:].sum(axis=1) == pytest.approx(8)


@pytest.mark.parametrize(
    ("groups", "cell_types", "strata"),
    [
        ("abcdef", "AABBCD", [[0, 1], [2, 3], [4, 5]]),  # C and D have one group each
        ("abcdef", "AABBBC", [[0, 1, 5], [2, 3, 4]]),  # C alone joins the smaller of the others
        ("abcd", "ABCD", [[0, 1, 2, 3]]),
        ("aabbcc", "ABABAA", [[0, 1, 2]]),  # two groups of A and B, and one of A alone
        ("aabb", "ABAB", [[0, 1]]),
        ("aaa", "AAB", [[0]]),
    ],
)
def test_strata(groups: str, cell_types: str, strata: list[list[int]]):
    found = sampling_of(groups, cell_types)
    assert [own.tolist() for own in found.strata] == strata
    assert found.freedom == found.groups - len(strata)


def test_the_embedded_images_vary():
    """Eight cell types, one well of each, two images of a well."""
    wells = np.repeat(np.arange(8), 2)
    sampling = sampling_of(map(str, wells), map(str, wells))
    assert (sampling.groups, sampling.freedom) == (8, 7)
    assert means_of(np.arange(16.0), sampling).std() > 0


def test_one_group_does_not_vary():
    sampling = sampling_of("aaa", "AAA")
    assert sampling.freedom == 0
    assert (draw_images(sampling, 10, 0) == 1).all()


def test_seeded():
    first, again, other = (draw_images(alone(40), resamples=50, seed=seed) for seed in (5, 5, 6))
    assert first.sum(axis=1) == pytest.approx(40)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_fewer_draws_are_the_first_of_more():
    """As those of AP are."""
    sampling = sampling_of("abcdefgh", "AAABBBCC")
    assert np.array_equal(draw_images(sampling, 20, 0), draw_images(sampling, 100, 0)[:20])


def test_a_constant_score_does_not_vary():
    assert means_of(np.full(7, 0.25), alone(7), resamples=100) == pytest.approx(0.25)
