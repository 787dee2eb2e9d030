"""On which side of a grey level the cells are: darker, or brighter than what is around them."""

from typing import Literal

import numpy as np

Side = Literal["dark", "bright"]
"""Foreground is what is at or below a threshold, or what is above it."""


def choose_side(counts: np.ndarray) -> Side:
    """Choose the side that holds more of the cells than of the background.

    Parameters
    ----------
    counts
        int64 [N, 4], as `monolayer.metrics.overlap.confusion` returns them, of dark sides as foreground, of
        all thresholds and images together.

    Returns
    -------
    str
        ``bright`` where the mean informedness is below 0 (Youden, Cancer 3:32, 1950: the fraction of the
        cells' pixels on the dark side, minus that of the background's), else ``dark``. Images that are all
        cell or all background do not count.

    Notes
    -----
    Dice would not do: it favours the larger side. In phase contrast, where the dark lines around cells are
    thin, a bright side that is nearly the whole image has the higher one, and says nothing.

    Examples
    --------
    >>> choose_side(np.array([[10, 10, 30, 150]]))  # a quarter of the cells, a sixteenth of the background
    'dark'
    >>> choose_side(np.array([[10, 150, 30, 10]]))
    'bright'
    """
    found, false, missed, rest = counts.T
    both = (found + missed > 0) & (false + rest > 0)
    sensitivity = found[both] / (found + missed)[both]
    fallout = false[both] / (false + rest)[both]
    # Rounded, so that a sum that is 0 is one on every machine.
    return "bright" if np.round(np.sum(sensitivity - fallout), 6) < 0 else "dark"
