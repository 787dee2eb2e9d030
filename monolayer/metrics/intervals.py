"""Intervals by Student's t: of one score, and of all differences between methods at once.

Percentiles of bootstrap draws make intervals that are too narrow for few images (Hesterberg, Am Stat 69:371,
2015); benchmarks/coverage.py compares what can be done about it.
"""

import numpy as np

ERROR = 0.05
"""Fraction of the intervals that do not hold the truth, if all goes well."""


def t_quantile(freedom: int, error: float = ERROR) -> float:
    """Return how many standard errors an interval reaches either way.

    Parameters
    ----------
    freedom
        Degrees of freedom of the standard error; with none, there is no interval: NaN.
    error
        Fraction of intervals that may leave out the truth.

    Examples
    --------
    >>> round(t_quantile(1), 1), round(t_quantile(15), 2), t_quantile(0)
    (12.7, 2.13, nan)
    """
    from scipy.special import stdtrit  # slow to import, for stages that compare nothing

    return -float(stdtrit(freedom, error / 2)) if freedom else float("nan")


def joint_error(methods: int) -> float:
    """Return the error of one interval with which the differences of all pairs hold together.

    In 95 of 100 comparisons no interval of a pair leaves out the truth, whichever pair one looks at: it is
    the level at which the largest of all differences is judged (Tukey's studentised range). With Student's t
    of this level each pair has a standard error of its own.

    >>> [round(joint_error(methods), 5) for methods in (2, 3, 13)]
    [0.05, 0.01909, 0.00092]
    """
    from scipy.special import ndtr
    from scipy.stats import studentized_range

    largest = studentized_range.ppf(1 - ERROR, max(methods, 2), np.inf)
    return float(2 * ndtr(-largest / np.sqrt(2)))


def distinct_pairs(drawn: np.ndarray, reach: float) -> np.ndarray:
    """Say which methods differ.

    Parameters
    ----------
    drawn
        Score of all images, and behind it those of R draws, of M methods, float64 [M, 1 + R].
    reach
        Standard errors of a difference by which two methods differ; NaN for none.

    Returns
    -------
    numpy.ndarray
        bool [M, M].

    Examples
    --------
    >>> distinct_pairs(np.array([[0.9, 0.8, 1.0], [0.7, 0.6, 0.8], [0.6, 0.6, 0.6]]), 2.0)[0].tolist()
    [False, True, True]
    """
    differences = drawn[:, None] - drawn
    return np.abs(differences[..., 0]) > reach * differences[..., 1:].std(axis=-1, ddof=1)
