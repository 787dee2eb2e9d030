"""Scores as sums over images: what makes them quick to compute for any choice of images, or draw of them."""

from typing import NamedTuple

import numpy as np


class Ratio(NamedTuple):
    """A score of N images: the sum of the numerators over the sum of the denominators.

    A mean over images has the denominator 1 for each of them.
    """

    numerator: np.ndarray
    """[N], or [N, I] for a score that is the mean of I ratios."""
    denominator: np.ndarray
    """Of the same shape."""
    cells: np.ndarray
    """True and predicted cells (or pixels) of each image, [N]."""
    nothing: float = 1.0
    """The score where there are none."""
    undefined: float = 0.0
    """The score where there are some, and the denominator is 0 all the same."""
    least: float = -np.inf
    """The score is no lower than this."""
    root: bool = False
    """The score is the square root of the ratio."""

    def value(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the score, float64 []; with weights [R, N], the score of each of R draws, float64 [R].

        >>> ratio = Ratio(np.array([1.0, 0.0]), np.array([1.0, 1.0]), np.array([5, 5]))
        >>> float(ratio.value()), ratio.value(np.array([[2, 0], [1, 1]])).tolist()
        (0.5, [1.0, 0.5])
        """
        draws = np.ones((1, len(self.cells))) if weights is None else weights
        # einsum sums in a fixed order, which a matrix product on several threads does not.
        above, below = (np.einsum("rn,ni->ri", draws, part.reshape(len(part), -1)) for part in self[:2])
        empty = np.einsum("rn,n->r", draws, self.cells)[:, None] == 0
        ratios = np.where(below > 0, above / np.where(below > 0, below, 1), self.undefined)
        values = np.maximum(np.where(empty, self.nothing, ratios), self.least).mean(axis=1)
        values = np.sqrt(values) if self.root else values
        return values[0] if weights is None else values
