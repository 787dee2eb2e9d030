"""Ways to make a 95 % interval of a score of N images: those that were tried, and the project's."""

from functools import cache

import numpy as np
from scipy import stats
from scipy.special import ndtr, stdtrit

from benchmarks.coverage_populations import Sample
from monolayer.metrics.bootstrap import draw_images, sampling_of
from monolayer.metrics.intervals import t_quantile

Interval = tuple[float, float]
DRAWS = 1000


def intervals(sample: Sample, images: int, seed: int) -> dict[str, Interval]:
    """Return the interval by each rule; no studentised one where a draw has no standard error of its own."""
    bca = stats.bootstrap(
        (np.arange(images),),
        lambda drawn, axis: sample.value(_counts(drawn, images)).reshape(drawn.shape[:-1]),
        n_resamples=DRAWS,
        vectorized=True,
        method="BCa",
        rng=seed,
    )
    draws = bca.bootstrap_distribution
    found = {
        "percentile": _percentiles(draws, 0.025),
        "expanded percentile": _percentiles(draws, expanded_level(images)),
        "BCa": tuple(np.nan_to_num(bca.confidence_interval, nan=sample.value(np.ones((1, images)))[0])),
        "Student's t": students_t(sample, images),
    }
    return found if sample.parts is None else found | {"studentised": studentised(sample.parts)}


def _counts(drawn: np.ndarray, images: int) -> np.ndarray:
    """Return how often each image is in each of some draws of indices [..., N], [R, N]."""
    rows = drawn.reshape(-1, drawn.shape[-1])
    flat = rows + images * np.arange(len(rows))[:, None]
    counts = np.bincount(flat.ravel(), minlength=images * len(rows)).reshape(-1, images)
    return counts.astype(np.float64)


def _percentiles(draws: np.ndarray, level: float) -> Interval:
    low, high = np.quantile(draws, [level, 1 - level])
    return float(low), float(high)


def expanded_level(images: int) -> float:
    """Return Hesterberg's level of percentiles, which are then as wide as Student's t would be."""
    return float(ndtr(np.sqrt(images / (images - 1)) * stdtrit(images - 1, 0.025)))


def students_t(sample: Sample, images: int) -> Interval:
    """Return the project's interval."""
    draws = sample.value(_weights(images))
    value = sample.value(np.ones((1, images)))[0]
    reach = t_quantile(images - 1) * draws.std(ddof=1)
    return value - reach, value + reach


@cache  # as the project's, whose seed is a setting, they are the same for all test sets
def _weights(images: int) -> np.ndarray:
    return draw_images(sampling_of(map(str, range(images)), [""] * images), DRAWS, seed=0)


@cache
def _counts_of_images(images: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.multinomial(images, np.full(images, 1 / images), size=DRAWS).astype(np.float64)


def studentised(parts: np.ndarray) -> Interval:
    """Return the bootstrap-t interval of a ratio of sums [2, N], by the linearised error of each draw."""
    images = parts.shape[1]
    (value,), (error,) = _ratio_and_error(parts, np.ones((1, images)))
    drawn, errors = _ratio_and_error(parts, _counts_of_images(images))
    t = np.divide(drawn - value, errors, out=np.sign(drawn - value) * 1e9, where=errors > 1e-9)
    low, high = np.quantile(t, [0.025, 0.975])
    return value - high * error, value - low * error


def _ratio_and_error(parts: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    above, below = parts
    images = len(above)
    sums = weights @ np.stack([above, below, above**2, above * below, below**2], axis=1)
    ratio = sums[:, 0] / sums[:, 1]
    squares = sums[:, 2] - 2 * ratio * sums[:, 3] + ratio**2 * sums[:, 4]
    return ratio, np.sqrt(np.maximum(squares, 0) * images / (images - 1)) / sums[:, 1]
