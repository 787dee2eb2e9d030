"""The rules that the benchmark of intervals compares are what they are called."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.coverage_populations import average_precision, mean_of
from benchmarks.coverage_rules import DRAWS, expanded_level, intervals, students_t
from monolayer.metrics.ranked_detections import RankedDetections, drawn_average_precision

VALUES = np.random.default_rng(1).beta(20, 4, 12)


def test_percentiles_and_bca_are_scipys():
    found = intervals(mean_of(VALUES), 12, seed=3)
    for rule, method in (("percentile", "percentile"), ("BCa", "BCa")):
        expected = stats.bootstrap((VALUES,), np.mean, n_resamples=DRAWS, method=method, rng=3)
        assert found[rule] == pytest.approx(tuple(expected.confidence_interval))


def test_students_interval_is_scipys():
    expected = stats.t.interval(0.95, 11, VALUES.mean(), stats.sem(VALUES))
    assert students_t(mean_of(VALUES), 12) == pytest.approx(expected, abs=0.004)


def test_expanded_percentiles_are_hesterbergs():
    """Of a normal distribution, they reach as far as Student's t, times the root of n / (n - 1)."""
    reach = -stats.norm.ppf(expanded_level(10))
    assert reach == pytest.approx(stats.t.isf(0.025, 9) * np.sqrt(10 / 9))


def test_ap_is_the_projects_but_for_its_recalls():
    rng = np.random.default_rng(0)
    image, right, cells = rng.integers(0, 6, 300), rng.random(300) < np.linspace(1, 0.2, 300), np.full(6, 40)
    ranked = RankedDetections(
        image.astype(np.int32), np.linspace(1, 0, 300), np.repeat(right[:, None], 10, axis=1), cells
    )
    weights = rng.multinomial(6, np.full(6, 1 / 6), size=5)
    expected = drawn_average_precision(ranked, weights)["ap50"]
    assert average_precision(weights, image, right, cells) == pytest.approx(expected, abs=0.01)
