"""Bootstrap intervals, against scipy's."""

import numpy as np
import pytest
from scipy import stats

from monolayer.metrics.bootstrap import draw_images, percentile_interval


def scores(images: int = 40) -> np.ndarray:
    generator = np.random.default_rng(3)
    difficulty = generator.normal(0, 0.1, images)
    return np.stack([0.8 + difficulty, 0.75 + difficulty + generator.normal(0, 0.01, images)], axis=1)


def bootstrap_means(values: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    return draw_images(len(values), resamples, seed) @ values / len(values)


def test_agrees_with_scipy():
    values = scores()[:, 0]
    low, high = percentile_interval(bootstrap_means(values[:, None], resamples=20_000, seed=0))
    expected = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    assert low[0] == pytest.approx(expected.confidence_interval.low, abs=2e-3)
    assert high[0] == pytest.approx(expected.confidence_interval.high, abs=2e-3)


def test_differences_are_paired():
    means = bootstrap_means(scores(), resamples=4000, seed=0)
    low, high = percentile_interval(means)
    paired_low, paired_high = percentile_interval(means[:, 1] - means[:, 0])
    assert high[1] > low[0]  # the intervals overlap, for difficult images are so for both methods,
    assert paired_high < 0  # and still the second method is surely worse
    assert paired_high - paired_low < 0.2 * (high[0] - low[0])


def test_seeded():
    first, again, other = (draw_images(40, resamples=50, seed=seed) for seed in (5, 5, 6))
    assert (first.sum(axis=1) == 40).all()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_image_has_no_interval():
    low, high = percentile_interval(bootstrap_means(np.array([[0.5, 0.25]]), resamples=10, seed=0))
    assert low.tolist() == high.tolist() == [0.5, 0.25]


def test_a_constant_score_does_not_vary():
    means = bootstrap_means(np.full((7, 1), 0.25), resamples=100, seed=0)
    assert means == pytest.approx(0.25)
