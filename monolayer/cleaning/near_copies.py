"""Near copies: the hash proposes pairs, the correlation of the whole images decides."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.cleaning.copies import Link
from monolayer.cleaning.correlation import correlation
from monolayer.cleaning.fingerprint import Orientation, find_candidates, orient
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey
from monolayer.images import read_image
from monolayer.parallel import ComputeSettings, map_parallel


class _Pair(NamedTuple):
    first: Path
    second: Path
    orientation: Orientation


def link_near_copies(
    surveys: Sequence[Survey], settings: CleaningSettings, compute: ComputeSettings
) -> list[Link]:
    """Link the images of which one is the other re-encoded, brightened, flipped or turned.

    Parameters
    ----------
    surveys
        Images with pixels. Of several with equal pixels only the first is compared.
    settings
        `hash_distance` and `correlation` decide; without `leaks`, splits are not compared.
    compute
        Where the candidates are read and correlated.
    """
    distinct = _distinct(surveys)
    signs = np.stack([surveys[index].signs for index in distinct])
    tasks, links = [], []
    for candidate in find_candidates(signs, settings.hash_distance):
        first, second = distinct[candidate.first], distinct[candidate.second]
        a, b = surveys[first], surveys[second]
        if (settings.leaks or a.split == b.split) and a.path and b.path:
            tasks.append(_Pair(a.path, b.path, candidate.orientation))
            links.append((first, second))
    scores = map_parallel(_correlation, tasks, compute)
    return [
        Link(*link, score) for link, score in zip(links, scores, strict=True) if score >= settings.correlation
    ]
