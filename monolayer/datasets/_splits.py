"""Images divided into train, val and test, for data that come without splits."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, get_args

import numpy as np
from pydantic import AfterValidator

from monolayer.datasets._preferred_split import hash_of, pattern_of, preferred_split
from monolayer.errors import InputError
from monolayer.parameters import Number

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


def _whole(fractions: dict[Split, float]) -> dict[Split, float]:
    if (
        set(fractions) != set(SPLITS)
        or min(fractions.values()) < 0
        or not math.isclose(sum(fractions.values()), 1)
    ):
        raise ValueError("give fractions of train, val and test that sum to 1")
    return fractions


Fractions = Annotated[dict[Split, Number], AfterValidator(_whole)]
"""Fraction of the images of each split."""

DEFAULT_FRACTIONS: dict[Split, float] = {"train": 0.7, "val": 0.15, "test": 0.15}

_EXACT_UP_TO = 100
"""Number of images up to which the splits' sizes are within one image of their fractions."""


def divide(
    names: Sequence[str],
    cell_types: Sequence[str],
    fractions: Mapping[Split, float],
    seed: int,
    groups: Sequence[str] | None = None,
    kept: Mapping[str, Split] | None = None,
) -> dict[Split, list[int]]:
    """Choose a split for each image, so that another image leaves the others where they are.

    Each image has a split that it prefers, which its name (or its group's) and the seed tell, and nothing
    else. Names that differ in a number, as a microscope writes them, take turns: any run of consecutive
    numbers has the wanted fractions, to within an image. Other names are as good as random. Then images
    leave their preferred split until no split is empty, the sizes are within one image of the fractions
    over all cell types (one group where there are groups), and each split has a cell type of which it should
    have two images: those first whose cell type has too many there.
    Beyond 100 images the sizes may differ by one more for each ten images, as images that stay are worth
    more then: of 200 random names or more hardly any leaves its preferred split.

    Sizes within an image and images that never move exclude each other without a record of what came
    earlier, whatever the method: only a split that depends on the image alone never changes, and then the
    sizes are those of random draws. Measured: among ten numbered names or more, one more moves none of the
    others; among up to 100 of several patterns (``A_1``, ``B_1``) it moves one in a tenth to a third of the
    cases; among 20 to 100 random names one or two in half to three quarters of the cases, among 200 in a
    tenth, among 400 none.
    With `kept`, never any.

    Parameters
    ----------
    names
        Paths of the images below their folder.
    cell_types
        Of each image.
    fractions
        Of each split.
    seed
        Another seed, other splits.
    groups
        What each image belongs to; a group is not divided. None where each image is on its own.
    kept
        Splits of images that were divided earlier, by name. They, and their groups, stay.

    Returns
    -------
    dict
        Positions in `names`, ascending, by split.

    Raises
    ------
    InputError
        A split's fraction is 0, there are fewer than three images or groups, or a group's images were in
        several splits.

    Examples
    --------
    >>> parts = divide([f"{n}.tif" for n in range(10)], [""] * 10, {"train": 0.6, "val": 0.2, "test": 0.2}, 0)
    >>> [len(part) for part in parts.values()], sorted(sum(parts.values(), []))
    ([6, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> more = divide([f"{n}.tif" for n in range(11)], [""] * 11, {"train": 0.6, "val": 0.2, "test": 0.2}, 0)
    >>> all(set(part) <= set(more[split]) for split, part in parts.items())
    True
    """
    keys = [_without_ending(name) for name in names] if groups is None else list(groups)
    units, unit_of = np.unique(np.array(keys, dtype=object), return_inverse=True)
    _require_enough(units, fractions, groups is not None)
    preferred = np.array([preferred_split(unit, fractions["val"], fractions["test"], seed) for unit in units])
    fixed = _kept_units(names, units, unit_of, kept or {})
    preferred = np.where(fixed >= 0, fixed, preferred)
    sizes = _sizes(unit_of, len(units), cell_types)
    chosen = _balanced(units.tolist(), preferred, fixed >= 0, sizes, fractions, seed)[unit_of]
    return {split: np.flatnonzero(chosen == number).tolist() for number, split in enumerate(SPLITS)}


def _without_ending(name: str) -> str:
    return re.sub(r"\.[^./]*$", "", unicodedata.normalize("NFC", name))


def _require_enough(units: np.ndarray, fractions: Mapping[Split, float], grouped: bool) -> None:
    none = [split for split in SPLITS if not fractions[split]]
    if none:
        raise InputError(f"split {none[0]} is empty: its fraction is 0. Give it more in `split`")
    if len(units) < len(SPLITS):
        found = ", ".join(map(str, units)) or "none"
        if grouped:
            raise InputError(
                f"{len(units)} groups ({found}) are too few for train, val and test, as images of one group "
                "come into one split: correct `group` or `sequence`, or add images"
            )
        raise InputError(f"{len(units)} images ({found}) are too few for train, val and test: add some")


def _kept_units(
    names: Sequence[str], units: np.ndarray, unit_of: np.ndarray, kept: Mapping[str, Split]
) -> np.ndarray:
    """Return the number of each unit's earlier split, -1 where it is new."""
    fixed = np.full(len(units), -1)
    for name, unit in zip(names, unit_of.tolist(), strict=True):
        if name in kept:
            split = SPLITS.index(kept[name])
            if fixed[unit] not in (-1, split):
                raise InputError(
                    f"keep_splits: images of {units[unit]}, such as {name}, are in {SPLITS[fixed[unit]]} and "
                    f"in {kept[name]}: leave `keep_splits` or the grouping out"
                )
            fixed[unit] = split
    return fixed


def _sizes(unit_of: np.ndarray, units: int, cell_types: Sequence[str]) -> np.ndarray:
    """Return the number of images of each unit, int64 [units, 1 + types]: of all types, and of each."""
    kinds, kind_of = np.unique(np.array(cell_types, dtype=object), return_inverse=True)
    sizes = np.bincount(unit_of * len(kinds) + kind_of, minlength=units * len(kinds))
    sizes = sizes.reshape(units, len(kinds))
    return np.concatenate([sizes.sum(axis=1, keepdims=True), sizes], axis=1)


def _balanced(
    units: list[str],
    preferred: np.ndarray,
    fixed: np.ndarray,
    sizes: np.ndarray,
    fractions: Mapping[Split, float],
    seed: int,
) -> np.ndarray:
    """Move the fewest units to other splits that the sizes need; return the number of each unit's split."""
    wanted = np.outer([fractions[split] for split in SPLITS], sizes.sum(axis=0))
    images = int(sizes[:, 0].sum())
    tolerance = np.maximum(sizes.max(axis=0), max(1, (images - _EXACT_UP_TO) / 10)) + 1e-9
    patterns = Counter(map(pattern_of, units))
    rank = _Rank(units, np.array([patterns[pattern_of(unit)] > 1 for unit in units]), seed)
    chosen = preferred.copy()
    while (move := _best_move(chosen, fixed, sizes, wanted, tolerance, rank)) is not None:
        chosen[move.unit] = move.split
    return chosen


class _Move(NamedTuple):
    unit: int
    split: int


class _Rank(NamedTuple):
    """Which unit moves first of several that would do."""

    units: list[str]
    has_pattern: np.ndarray
    seed: int

    def first(self, candidates: np.ndarray, split: int, by_pattern: bool) -> int:
        """Return one of no pattern where it is asked for, and of several the one of the lowest hash."""

        def place(unit: int) -> tuple[bool, int]:
            patterned = by_pattern and bool(self.has_pattern[unit])
            return patterned, hash_of(f"{self.seed} {split} {self.units[unit]}")

        return min(candidates.tolist(), key=place)


def _best_move(
    chosen: np.ndarray,
    fixed: np.ndarray,
    sizes: np.ndarray,
    wanted: np.ndarray,
    tolerance: np.ndarray,
    rank: _Rank,
) -> _Move | None:
    held = np.stack([sizes[chosen == split].sum(axis=0) for split in range(len(SPLITS))])
    best, least = None, tuple(_faults(held[None], wanted, tolerance)[0])
    empty, *_ = now = least
    if not any(now[:-1]):
        return None
    for source in range(len(SPLITS)):
        candidates = np.flatnonzero((chosen == source) & ~fixed)
        for split in range(len(SPLITS)):
            if split == source or not len(candidates):
                continue
            after = np.repeat(held[None], len(candidates), axis=0)
            after[:, source] -= sizes[candidates]
            after[:, split] += sizes[candidates]
            faults = _faults(after, wanted, tolerance)
            lowest = min(map(tuple, faults))
            if lowest < least and lowest[:-1] < now[:-1]:
                equal = candidates[(faults == lowest).all(axis=1)]
                best, least = _Move(rank.first(equal, split, by_pattern=not empty), split), lowest
    return best


def _faults(held: np.ndarray, wanted: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Return what is wrong with ways to divide: empty splits, images too many or few, cell types without an
    image where there should be two or more, and images of types too many or few, which alone is no reason to
    move one.

    Parameters
    ----------
    held
        Images of each split, int64 [ways, splits, 1 + types].
    wanted, tolerance
        Images that there should be, [splits, 1 + types], and how far they may be off, [1 + types].

    Returns
    -------
    numpy.ndarray
        float64 [ways, 4], rounded, so that what is equal compares so.
    """
    excess = np.maximum(abs(held - wanted) - tolerance, 0)
    empty = (held[:, :, 0] == 0).sum(axis=1)
    lost = ((held == 0) & (wanted >= 2))[:, :, 1:].sum(axis=(1, 2))
    sizes, of_types = excess[:, :, 0].sum(axis=1), excess[:, :, 1:].sum(axis=(1, 2))
    return np.stack([empty, sizes, lost, of_types], axis=1).round(6)
