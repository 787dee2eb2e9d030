"""Bootstrap over images: how much a mean score would vary with other images of the same kind.

Efron and Tibshirani, An Introduction to the Bootstrap (1993). All methods are resampled with the same
images, so that differences between methods are paired.
"""

import numpy as np


def bootstrap_means(scores: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Draw the images with replacement, again and again, and average each draw.

    Parameters
    ----------
    scores
        float64 [N, M]: N images, M methods.
    resamples
        Number of draws, R.
    seed
        The same seed and N give the same draws.

    Returns
    -------
    numpy.ndarray
        float64 [R, M]. The mean over paired differences is the difference of two columns.
    """
    images = len(scores)
    generator = np.random.default_rng(seed)
    # How often each image is drawn, not which: [R, N] of small numbers is multiplied at once.
    times_drawn = generator.multinomial(images, np.full(images, 1 / images), size=resamples)
    # einsum sums in a fixed order, which a matrix product on several threads does not.
    return np.einsum("rn,nm->rm", times_drawn, scores) / images


def percentile_interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % interval, float64 [...] each, of means [R, ...].

    >>> low, high = percentile_interval(np.arange(1001.0))
    >>> float(low), float(high)
    (25.0, 975.0)
    """
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high
