"""Confluence: the fraction of the image that cells cover, and how well it is measured.

All functions but `confluence` take the true and the predicted confluence of the same images,
float64 [N] in [0, 1], and return a number of the same unit.
"""

import numpy as np


def confluence(foreground: np.ndarray) -> float:
    """Return the covered fraction of a bool [H, W] foreground.

    >>> confluence(np.array([[True, False], [False, False]]))
    0.25
    """
    return float(np.count_nonzero(foreground) / foreground.size)


def rmse(true: np.ndarray, predicted: np.ndarray) -> float:
    """Return the root of the mean squared error.

    >>> rmse(np.array([0.25, 0.5]), np.array([0.75, 1.0]))
    0.5
    """
    return float(np.sqrt(np.mean((predicted - true) ** 2)))


def bias(true: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean error; positive where too much is predicted.

    >>> bias(np.array([0.25, 0.5]), np.array([0.5, 0.25]))
    0.0
    """
    return float(np.mean(predicted - true))


def limits_of_agreement(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Return the range that holds 95 % of the errors, if they are normally distributed.

    The mean error less and plus 1.96 of its (sample) standard deviations; of a single image, its error twice.
    Bland and Altman, Lancet 327:307 (1986).

    >>> limits_of_agreement(np.array([0.5]), np.array([0.75]))
    (0.25, 0.25)
    """
    mean = bias(true, predicted)
    spread = 1.96 * float(np.std(predicted - true, ddof=1)) if len(true) > 1 else 0.0
    return mean - spread, mean + spread
