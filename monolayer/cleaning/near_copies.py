"""Near copies: the hash proposes pairs, the correlation of the whole images decides."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.cleaning.copies import Link, of_one_sequence
from monolayer.cleaning.correlation import correlation
from monolayer.cleaning.fingerprint import Orientation, find_candidates, orient
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import read_image


class _Pair(NamedTuple):
    first: int
    second: int
    paths: tuple[Path, Path]
    orientation: Orientation


def link_near_copies(
    surveys: Sequence[Survey], settings: CleaningSettings, compute: ComputeSettings
) -> list[Link]:
    """Link the images of which one is the other re-encoded, brightened, flipped or turned.

    Images of equal pixels are not compared: they are no near copies. Nor are different frames of one
    sequence: from one to the next, little may change.

    Parameters
    ----------
    surveys
        Images with pixels.
    settings
        `hash_distance` and `correlation` decide; without `leaks`, splits are not compared.
    compute
        Where the candidates are read and correlated.
    """
    pairs = list(_pairs(surveys, settings))
    scores = map_parallel(_correlate, pairs, compute)
    found = zip(pairs, scores, strict=True)
    return [Link(pair.first, pair.second, score) for pair, score in found if score >= settings.correlation]


def _pairs(surveys: Sequence[Survey], settings: CleaningSettings) -> Iterator[_Pair]:
    signs = np.array([survey.signs for survey in surveys])
    for first, second, orientation in find_candidates(signs, settings.hash_distance):
        a, b = surveys[first], surveys[second]
        compared = (settings.leaks or a.split == b.split) and not of_one_sequence(a, b)
        if compared and a.digest != b.digest and a.path and b.path:
            yield _Pair(first, second, (a.path, b.path), orientation)


def _correlate(pair: _Pair) -> float:
    first, second = (read_image(path) for path in pair.paths)
    return correlation(first, orient(second, pair.orientation))
