"""Groups of images that are one and the same, and which of them stays."""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from monolayer.annotations.coco import SPLITS
from monolayer.cleaning.removals import Removal
from monolayer.cleaning.survey import Survey


class Link(NamedTuple):
    """Two images that are one."""

    first: int
    second: int
    score: float
    """Their correlation."""


def link_equal(keys: Sequence[Hashable]) -> list[Link]:
    """Link each item to the first one with the same key; a key of None equals nothing.

    >>> link_equal(["a", "b", "a", None, None])
    [Link(first=0, second=2, score=1.0)]
    """
    first: dict[Hashable, int] = {}
    links = []
    for index, key in enumerate(keys):
        if key is not None and first.setdefault(key, index) != index:
            links.append(Link(first[key], index, 1.0))
    return links


def group(count: int, links: Iterable[Link]) -> list[list[int]]:
    """Return the sets of items that links hold together, each sorted, those of one item left out.

    >>> group(5, [Link(0, 3, 1.0), Link(3, 4, 1.0)])
    [[0, 3, 4]]
    """
    pairs = np.array([(link.first, link.second) for link in links], dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(int(label), []).append(index)
    return [members for members in groups.values() if len(members) > 1]


def of_one_sequence(first: Survey, second: Survey) -> bool:
    """Say whether two images are different frames of a sequence that the data set names."""
    a, b = first.image, second.image
    return a.sequence != "" and a.sequence == b.sequence and a.frame != b.frame


def precedence(survey: Survey) -> tuple[int, int, int]:
    """Order images by what has to stay: test, then val, then train; more annotations; the smaller id."""
    return SPLITS.index(survey.split), survey.sound_annotations, -survey.image.id


def remove_equal(surveys: Sequence[Survey], links: Iterable[Link]) -> list[Removal]:
    """Keep one image of each group of equal ones and remove the others, but for frames of its sequence.

    Parameters
    ----------
    surveys
        Images with pixels.
    links
        Pairs of them, by position, whose pixels are equal.
    """
    removals = []
    for members in group(len(surveys), links):
        kept = max((surveys[index] for index in members), key=precedence)
        others = (surveys[index] for index in members if surveys[index] is not kept)
        removals += [_removal(other, kept, 1.0) for other in others if not of_one_sequence(other, kept)]
    return removals


def remove_near_copies(surveys: Sequence[Survey], links: Iterable[Link]) -> list[Removal]:
    """Remove each image that is nearly the same as one that stays.

    An image that is like a removed one alone stays: from frame to frame of a recording that nobody declared,
    a chain of images that are nearly the same leads from any one to any other.

    Parameters
    ----------
    surveys
        Images with pixels, those that have to stay first: in descending order of `precedence`.
    links
        Pairs of them, by position, that are nearly the same.
    """
    earlier: dict[int, list[tuple[float, int]]] = {}
    for link in links:
        first, second = sorted((link.first, link.second))
        earlier.setdefault(second, []).append((link.score, -first))
    removals: dict[int, Removal] = {}
    for index in sorted(earlier):
        staying = [(score, -first) for score, first in earlier[index] if -first not in removals]
        if staying:
            score, kept = max(staying, key=lambda pair: (pair[0], -pair[1]))
            removals[index] = _removal(surveys[index], surveys[kept], score)
    return list(removals.values())


def renewed(removals: Iterable[Removal], surveys: Sequence[Survey], near: Iterable[Removal]) -> list[Removal]:
    """Name for each removed image the one that stays, where that which was to stay is a near copy of another.

    Parameters
    ----------
    removals
        Of images that equal another one.
    surveys
        All images with pixels.
    near
        Of images that are nearly the same as another one.
    """
    by_id = {(survey.split, survey.image.id): survey for survey in surveys}
    gone = {(removal.split, removal.image_id): removal for removal in near}
    return [renewal for removal in removals if (renewal := _renewal(removal, by_id, gone))]


_Id = tuple[str, int]


def _renewal(removal: Removal, by_id: dict[_Id, Survey], gone: dict[_Id, Removal]) -> Removal | None:
    later = gone.get(_kept(removal))
    if later is None:
        return removal
    removed, kept = by_id[removal.split, removal.image_id], by_id[_kept(later)]
    if of_one_sequence(removed, kept):  # then this frame stands for the removed copy of it
        return None
    return _removal(removed, kept, later.score)


def _kept(removal: Removal) -> _Id:
    return str(removal.kept_split), int(removal.kept_image_id or 0)


def in_groups(removals: Sequence[Removal], surveys: Sequence[Survey]) -> list[Removal]:
    """Order removed copies by group, groups by their first image, and as the images were listed."""
    position = {(survey.split, survey.image.id): index for index, survey in enumerate(surveys)}
    first: dict[_Id, int] = {}
    for removal in removals:
        kept = _kept(removal)
        lowest = min(position[kept], position[removal.split, removal.image_id])
        first[kept] = min(lowest, first.get(kept, lowest))
    return sorted(removals, key=lambda row: (first[_kept(row)], position[row.split, row.image_id]))


def _removal(removed: Survey, kept: Survey, score: float | None) -> Removal:
    image = removed.image
    reason = copy_reason(removed, kept)
    return Removal(removed.split, image.id, image.file_name, None, reason, kept.split, kept.image.id, score)


def copy_reason(removed: Survey, kept: Survey) -> str:
    """Name how one image repeats the other: by name, by pixels or nearly, within a split or across."""
    if removed.digest != kept.digest:
        reason = "near_copy"
    else:
        reason = "same_name" if removed.image.file_name == kept.image.file_name else "same_pixels"
    return reason if removed.split == kept.split else f"leak_{reason}"
