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


def remove_copies(surveys: Sequence[Survey], links: Sequence[Link]) -> list[Removal]:
    """Keep one image of each group and remove the others; other frames of its sequence stay too.

    Parameters
    ----------
    surveys
        Images with pixels.
    links
        Pairs of them, by position, that are one image.
    """
    scores = {(link.first, link.second): link.score for link in links}
    strongest: dict[int, float] = {}
    for pair, score in scores.items():
        strongest |= {index: max(score, strongest.get(index, -1.0)) for index in pair}
    removals = []
    for members in group(len(surveys), links):
        kept = max(members, key=lambda index: precedence(surveys[index]))
        for index in members:
            if index != kept and not of_one_sequence(surveys[index], surveys[kept]):
                # In a group of several, a member may hang on another than the one that stays.
                pair = (min(index, kept), max(index, kept))
                removals.append(_removal(surveys[index], surveys[kept], scores.get(pair, strongest[index])))
    return removals


def _removal(removed: Survey, kept: Survey, score: float) -> Removal:
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
