"""Student's intervals against scipy's, and what holds together."""

import numpy as np
import pytest
from scipy import stats

from monolayer.metrics.bootstrap import draw_images, sampling_of
from monolayer.metrics.intervals import distinct_pairs, joint_error, t_quantile


@pytest.mark.parametrize(("freedom", "error"), [(1, 0.05), (7, 0.001), (99, 0.5)])
def test_quantiles_are_scipys(freedom: int, error: float):
    assert t_quantile(freedom, error) == pytest.approx(stats.t.isf(error / 2, freedom))


def test_no_freedom_no_interval():
    assert np.isnan(t_quantile(0))


def test_two_methods_are_one_pair():
    assert joint_error(2) == pytest.approx(0.05)
    assert joint_error(1) == pytest.approx(0.05)


def test_joint_error_is_that_of_tukeys_test():
    """Of many images, three equal methods differ by it in one comparison of twenty."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 3))
    spread = scores.max(axis=1) - scores.min(axis=1)
    assert (spread > np.sqrt(2) * t_quantile(10**9, joint_error(3))).mean() == pytest.approx(0.05, abs=0.005)


def test_more_methods_need_more():
    errors = [joint_error(methods) for methods in (2, 3, 5, 13, 40)]
    assert errors == sorted(errors, reverse=True)
    # Bonferroni's, which is never too wide, is near
    assert all(
        0.05 / pairs < error < 0.1 / pairs for error, pairs in zip(errors[1:], (3, 10, 78, 780), strict=True)
    )


def drawn_scores(values: np.ndarray) -> np.ndarray:
    """Mean scores [M, 1 + R] of values [N, M]."""
    images = len(values)
    draws = draw_images(sampling_of(map(str, range(images)), ["A"] * images), 400, 0)
    weights = np.concatenate([np.ones((1, images)), draws])
    return (weights @ values / images).T


def test_of_thirteen_equal_methods_hardly_ever_one_is_called_different():
    rng = np.random.default_rng(0)
    reach = t_quantile(15, joint_error(13))
    called = [
        distinct_pairs(drawn_scores(rng.beta(20, 4, (16, 1)) + rng.normal(0, 0.02, (16, 13))), reach).any()
        for _ in range(200)
    ]
    assert np.mean(called) <= 0.1


def test_a_method_that_is_worse_everywhere_is_called_different():
    rng = np.random.default_rng(0)
    values = rng.beta(20, 4, (16, 1)) + rng.normal(0, 0.01, (16, 5)) - np.array([0, 0, 0, 0, 0.1])
    distinct = distinct_pairs(drawn_scores(values), t_quantile(15, joint_error(5)))
    assert distinct[4].tolist() == [True, True, True, True, False]
    assert not distinct[:4, :4].any()


def test_the_same_predictions_are_not_distinct():
    one = np.random.default_rng(0).beta(20, 4, 16)
    assert not distinct_pairs(drawn_scores(np.stack([one, one], axis=1)), t_quantile(15)).any()


def test_nothing_is_distinct_without_an_interval():
    assert not distinct_pairs(np.array([[0.9, 0.9, 0.9], [0.1, 0.1, 0.1]]), t_quantile(0)).any()
