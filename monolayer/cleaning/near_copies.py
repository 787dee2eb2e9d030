"""Near copies: hashes and local features propose pairs, the correlation of the registered images decides.

Thumbnails keep pairs from being read that are plainly different.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from monolayer.annotations.coco import Image
from monolayer.cleaning.comparable import Comparable, comparable
from monolayer.cleaning.copies import Link, group
from monolayer.cleaning.fingerprint import ORIENTATIONS, Orientation, orient
from monolayer.cleaning.hash_search import best_orientation, find_candidates
from monolayer.cleaning.overlaps import MOST_IMAGES, find_overlaps
from monolayer.cleaning.registration import Shift, similarity
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey
from monolayer.cleaning.thumbnails import Thumbnail, may_be_copies
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import read_image

_MOST = 4  # images that one is compared with at full resolution: of alike frames there would be too many


class _File(NamedTuple):
    """An image that is compared."""

    position: int
    path: Path
    image: Image
    thumbnail: Thumbnail

    def read(self) -> np.ndarray:
        """Return its grey levels, uint8 or float32 [H, W]."""
        return read_image(self.path, self.image)


class _Other(NamedTuple):
    """What an image is compared with, and how that image may lie on it."""

    file: _File
    orientation: Orientation
    shift: Shift


class _Task(NamedTuple):
    file: _File
    others: list[_Other]


def link_near_copies(
    surveys: Sequence[Survey], settings: CleaningSettings, compute: ComputeSettings
) -> list[Link]:
    """Link the images of which one is the other re-encoded, inverted, noisy, cropped, shifted or the like.

    Images of equal pixels are not compared: they are no near copies. Nor are different frames of one
    sequence: from one to the next, little may change.

    Parameters
    ----------
    surveys
        Images with pixels; an image is linked to one before it.
    settings
        `hash_distance` and `correlation` decide; without `leaks`, splits are not compared.
    compute
        Where images are read and correlated.
    """
    compared = comparable(surveys, settings.leaks)
    links = _compare(surveys, _proposed(surveys, settings, compared), settings, compute)
    known = {(link.first, link.second) for link in links}
    others = [pair for pair in _with_firsts(surveys, links, settings, compared) if pair[:2] not in known]
    return links + _compare(surveys, others, settings, compute)


_Pair = tuple[int, int, Orientation, Shift]


def _proposed(surveys: Sequence[Survey], settings: CleaningSettings, compared: Comparable) -> list[_Pair]:
    signs = np.array([survey.signs for survey in surveys]).reshape(-1, 16, 16)
    alike = find_candidates(signs, settings.hash_distance, _MOST, compared)
    pairs: list[_Pair] = [(first, second, orientation, (0, 0)) for first, second, orientation in alike]
    if len(surveys) <= MOST_IMAGES:
        overlaps = find_overlaps([survey.features for survey in surveys], _MOST, compared)
        pairs += [(first, second, ORIENTATIONS[0], shift) for first, second, shift in overlaps]
    return pairs


def _with_firsts(
    surveys: Sequence[Survey], links: Sequence[Link], settings: CleaningSettings, compared: Comparable
) -> Iterator[_Pair]:
    """Yield the first image of each group with every other: only so many of them were compared."""
    for first, *members in group(len(surveys), links):
        for member in members:
            distance, orientation = best_orientation(surveys[first].signs, surveys[member].signs)
            allowed = compared.pairs(np.array(first), np.array(member))
            if allowed and distance <= settings.hash_distance:
                yield first, member, orientation, (0, 0)


def _compare(
    surveys: Sequence[Survey], pairs: Sequence[_Pair], settings: CleaningSettings, compute: ComputeSettings
) -> list[Link]:
    correlate = partial(_correlate, enough=float(settings.correlation))
    found = map_parallel(correlate, _tasks(surveys, pairs), compute)
    best: dict[tuple[int, int], float] = {}
    for link in (link for links in found for link in links):
        pair = (link.first, link.second)
        best[pair] = max(link.score, best.get(pair, 0.0))
    return [Link(*pair, score) for pair, score in sorted(best.items()) if score >= settings.correlation]


def _tasks(surveys: Sequence[Survey], pairs: Sequence[_Pair]) -> Iterator[_Task]:
    """Yield for each image all that it is compared with, so that it is read once at most."""
    files = [_file(position, survey) for position, survey in enumerate(surveys)]
    for second, own in groupby(sorted(pairs, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        others = [
            _Other(file, orientation, shift) for first, _, orientation, shift in own if (file := files[first])
        ]
        if later := files[second]:
            yield _Task(later, others)


def _file(position: int, survey: Survey) -> _File | None:
    if survey.path is None:
        return None
    # With its limits: to find them again would take most of the time of reading it.
    image = msgspec.structs.replace(survey.image, limits=survey.limits)
    return _File(position, survey.path, image, survey.thumbnail)


def _correlate(task: _Task, enough: float) -> list[Link]:
    own = task.file.thumbnail
    others = [
        other
        for other in task.others
        if may_be_copies(other.file.thumbnail, own, other.orientation, other.shift)
    ]
    if not others:
        return []
    image = task.file.read()
    return [
        Link(
            other.file.position,
            task.file.position,
            similarity(other.file.read(), orient(image, other.orientation), enough, other.shift),
        )
        for other in others
    ]
