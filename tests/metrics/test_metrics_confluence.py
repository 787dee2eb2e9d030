"""Confluence and its errors."""

import statistics

import numpy as np
import pytest

from monolayer.metrics.confluence import bias, confluence, limits_of_agreement, rmse

TRUE = np.array([0.1, 0.4, 0.5, 0.9])
PREDICTED = np.array([0.2, 0.4, 0.3, 0.8])


def test_confluence_is_the_covered_share():
    foreground = np.zeros((4, 5), dtype=bool)
    foreground[:2, :3] = True
    assert confluence(foreground) == pytest.approx(0.3)


def test_bias_is_positive_where_too_much_is_predicted():
    assert bias(TRUE, PREDICTED) == pytest.approx(-0.05)
    assert bias(TRUE, TRUE + 0.1) == pytest.approx(0.1)


def test_rmse():
    assert rmse(TRUE, PREDICTED) == pytest.approx(((0.01 + 0 + 0.04 + 0.01) / 4) ** 0.5)
    assert rmse(TRUE, TRUE) == 0


def test_limits_of_agreement_use_the_sample_deviation():
    errors = [p - t for t, p in zip(TRUE, PREDICTED, strict=True)]
    spread = 1.96 * statistics.stdev(errors)
    expected = statistics.mean(errors) - spread, statistics.mean(errors) + spread
    assert limits_of_agreement(TRUE, PREDICTED) == pytest.approx(expected)


def test_one_image_has_no_spread():
    assert limits_of_agreement(np.array([0.5]), np.array([0.75])) == (0.25, 0.25)
