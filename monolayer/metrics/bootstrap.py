"""Bootstrap over images: how much a mean score would vary with other images of the same kind.

Efron and Tibshirani, An Introduction to the Bootstrap (1993). All methods are resampled with the same
images, so that differences between methods are paired.
"""

import numpy as np


def draw_images(images: int, resamples: int, seed: int) -> np.ndarray:
    """Draw images with replacement, as many as there are, again and again.

    Parameters
    ----------
    images
        Number of images, N.
    resamples
        Number of draws, R.
    seed
        The same seed and N give the same draws.

    Returns
    -------
    numpy.ndarray
        How often each image is drawn, int64 [R, N]. Scores of several methods on the same draws are paired.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(images, np.full(images, 1 / images), size=resamples)


def percentile_interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % interval, float64 [...] each, of means [R, ...].

    >>> low, high = percentile_interval(np.arange(1001.0))
    >>> float(low), float(high)
    (25.0, 975.0)
    """
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high
