"""Bootstrap over groups of images: how much a score would vary with other images of the same kind.

Images of one well, slide or recording are more alike than others, so that they are drawn together (cluster
bootstrap: Davison and Hinkley, Bootstrap Methods and their Application, 1997, 3.8), and within cell types,
whose fractions are not by chance. Of G groups G - 1 are drawn, and weighted by G / (G - 1): the variance of
the draws is then right where few are drawn, too (Rao and Wu, J Am Stat Assoc 83:231, 1988). All methods are
drawn the same images, so that differences between methods are paired.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Sampling(NamedTuple):
    """How N images were taken: in G groups, these from H strata."""

    group: np.ndarray
    """Index of each image's group, int64 [N]."""
    strata: list[np.ndarray]
    """Indices of the groups of each stratum, int64, two or more unless there is one group in all."""

    @property
    def groups(self) -> int:
        """G."""
        return sum(map(len, self.strata))

    @property
    def freedom(self) -> int:
        """Degrees of freedom of a variance between groups, G - H; 0 where there is one group."""
        return self.groups - len(self.strata)


def sampling_of(groups: Iterable[str], cell_types: Iterable[str]) -> Sampling:
    """Find the strata from which groups of images are drawn.

    A stratum has the groups of one cell type (or of the same several). One group alone would not vary, so
    that all groups that are the only ones of their cell types make one stratum; where that is one group, it
    joins the smallest other stratum. What differs between the cell types of one stratum then widens the
    intervals.

    Parameters
    ----------
    groups, cell_types
        Of each of N images.

    Examples
    --------
    Two wells of A, two of B, and one each of C and D:

    >>> [own.tolist() for own in sampling_of("abcdef", "AABBCD").strata]
    [[0, 1], [2, 3], [4, 5]]
    >>> [own.tolist() for own in sampling_of("abcde", "AAABB").strata], sampling_of("aab", "ABA").strata
    ([[0, 1, 2], [3, 4]], [array([0, 1])])
    """
    names, group = np.unique(np.array(list(groups), dtype=str), return_inverse=True)
    types: list[set[str]] = [set() for _ in names]
    for own, cell_type in zip(group.tolist(), cell_types, strict=True):
        types[own].add(str(cell_type))
    by_types: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, own_types in enumerate(types):
        by_types[tuple(sorted(own_types))].append(number)
    strata = sorted((own for own in by_types.values() if len(own) > 1), key=len)
    alone = [own[0] for own in by_types.values() if len(own) == 1]
    if len(alone) == 1 and strata:
        strata[0] = strata[0] + alone
    elif alone:
        strata.append(alone)
    return Sampling(group, [np.array(own) for own in sorted(map(sorted, strata))])


def draw_images(sampling: Sampling, resamples: int, seed: int) -> np.ndarray:
    """Draw the groups of each stratum with replacement, one less than there are, again and again.

    Parameters
    ----------
    sampling
        Of N images.
    resamples
        Number of draws, R.
    seed
        The same seed and sampling give the same draws, of which fewer are the first ones of more.

    Returns
    -------
    numpy.ndarray
        The weight of each image, float64 [R, N]: how often its group is drawn, times m / (m - 1) of a stratum
        of m groups. All 1 where there is one group. Scores of several methods on the same draws are paired.

    Examples
    --------
    Of two groups one is drawn:

    >>> draw_images(sampling_of("aab", "AAA"), resamples=3, seed=0).tolist()
    [[2.0, 2.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 2.0]]
    """
    weights = np.ones((resamples, sampling.groups))
    for number, own in enumerate(sampling.strata):
        count = len(own)
        if count > 1:
            generator = np.random.default_rng((seed, number))
            drawn = generator.multinomial(count - 1, np.full(count, 1 / count), size=resamples)
            weights[:, own] = drawn * (count / (count - 1))
    return weights[:, sampling.group]
