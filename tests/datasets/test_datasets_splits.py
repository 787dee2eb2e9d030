"""How images are divided into splits."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from monolayer.datasets._splits import DEFAULT_FRACTIONS, SPLITS, Fractions, Split, divide
from monolayer.errors import InputError

FRACTIONS: dict[Split, float] = {"train": 0.5, "val": 0.3, "test": 0.2}


def numbered(count: int) -> list[str]:
    return [f"im{number:03}.png" for number in range(count)]


def random_names(count: int, seed: int) -> list[str]:
    """Names of which nothing can be guessed, as those of dsb2018."""
    return [hashlib.md5(f"{seed} {number}".encode()).hexdigest() + ".png" for number in range(count)]


def split_of(names: Sequence[str], seed: int = 0, types: Sequence[str] = (), **others) -> dict[str, str]:
    parts = divide(names, types or [""] * len(names), DEFAULT_FRACTIONS, seed, **others)
    assert sorted(itertools.chain(*parts.values())) == list(range(len(names)))
    return {names[position]: split for split, part in parts.items() for position in part}


def excess(splits: dict[str, str]) -> float:
    """By how many images the split that is furthest from its fraction is off."""
    counts = Counter(splits.values())
    return max(abs(counts[split] - DEFAULT_FRACTIONS[split] * len(splits)) for split in SPLITS)


def test_another_seed_divides_otherwise() -> None:
    names = numbered(100)
    assert split_of(names, seed=0) == split_of(names, seed=0)
    assert len({frozenset(split_of(names, seed=seed).items()) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("images", range(1, 11))
@pytest.mark.parametrize("types", [1, 2, 5, 8, 20])
def test_sizes_are_within_an_image_over_all_types(types: int, images: int, seed: int) -> None:
    names = [f"t{kind}_{number}.tif" for kind in range(types) for number in range(images)]
    if len(names) < 3:
        with pytest.raises(InputError, match=f"{len(names)} images .* are too few"):
            split_of(names, seed)
        return
    splits = split_of(names, seed, [name.split("_")[0] for name in names])
    assert set(splits.values()) == set(SPLITS)
    assert excess(splits) <= 1.2  # three images have 1, 1, 1 and not 2.1, .45, .45


@pytest.mark.parametrize("count", [10, 33, 100])
@pytest.mark.parametrize("seed", range(5))
def test_sizes_of_random_names(count: int, seed: int) -> None:
    assert excess(split_of(random_names(count, seed))) <= 1


def test_sizes_of_many_random_names_are_those_of_a_draw() -> None:
    far = [excess(split_of(random_names(1000, seed))) for seed in range(20)]
    assert max(far) < 4 * np.sqrt(1000 * 0.7 * 0.3)
    assert np.mean(far) < 1.5 * np.sqrt(1000 * 0.7 * 0.3)


@pytest.mark.parametrize("count", [10, 20, 57, 100])
@pytest.mark.parametrize("seed", range(10))
def test_one_numbered_image_more_moves_no_other(count: int, seed: int) -> None:
    names = numbered(count)
    before = split_of(names, seed)
    for more in (f"im{count:03}.png", "aaa.png", "zzz.png", "im005b.png", "sub/im001.png"):
        after = split_of([more, *names[::-1]], seed)
        assert {name: after[name] for name in names} == before, more


def test_one_image_more_of_a_thousand_random_names_moves_no_other() -> None:
    for seed in range(10):
        names = random_names(1000, seed)
        before, after = split_of(names[:-1]), split_of(names)
        assert before.items() <= after.items()


def moves(names: Sequence[str], more: str, seed: int) -> int:
    """How many images another one moves."""
    before, after = split_of(names, seed), split_of([*names, more], seed)
    return sum(split != after[name] for name, split in before.items())


def test_one_image_more_seldom_moves_another_where_there_are_several_patterns() -> None:
    """The figures that `divide` gives."""
    names = [f"t{kind}_{number}.tif" for kind in range(8) for number in range(3)]
    moved = [moves(names, more, seed) for seed in range(10) for more in ("t3_3.tif", "t8_0.tif", "aaa.tif")]
    assert np.count_nonzero(moved) <= len(moved) / 5
    assert max(moved) <= 3


def test_one_image_more_moves_a_few_of_few_random_names() -> None:
    moved = []
    for seed in range(40):
        *names, more = random_names(51, seed)
        moved.append(moves(names, more, seed))
    assert np.count_nonzero(moved) <= 0.6 * len(moved)
    assert np.mean(moved) <= 1


def test_what_was_divided_earlier_stays() -> None:
    for seed in range(20):
        names = random_names(40, seed)
        earlier = split_of(names[:30], seed)
        after = split_of(names, seed, kept=earlier)
        assert earlier.items() <= after.items()
        assert excess(after) <= 1


def test_a_group_of_which_the_images_were_in_several_splits() -> None:
    kept: dict[str, Split] = {"im000.png": "train", "im001.png": "test"}
    with pytest.raises(
        InputError, match=r"keep_splits: images of A, such as im001\.png, are in train and in te"
    ):
        split_of(numbered(4), groups=["A", "A", "B", "C"], kept=kept)


def test_cell_types_leave_first_where_they_are_too_many() -> None:
    types = ["BV2"] * 40 + ["A172"] * 20
    for seed in range(20):
        names = random_names(60, seed)
        splits = split_of(names, types=types)
        counts = Counter((splits[name], kind) for name, kind in zip(names, types, strict=True))
        assert all(counts[split, kind] for split in SPLITS for kind in ("BV2", "A172"))


@pytest.mark.parametrize("seed", range(10))
def test_groups_are_not_divided(seed: int) -> None:
    names = random_names(60, seed)
    groups = [f"patient {number % 11}" for number in range(60)]
    splits = split_of(names, seed, groups=groups)
    of_group = {(group, splits[name]) for group, name in zip(groups, names, strict=True)}
    assert len(of_group) == 11
    assert excess(splits) <= 6  # the size of a group


@pytest.mark.parametrize("seed", range(5))
def test_groups_of_unlike_sizes_leave_no_split_empty(seed: int) -> None:
    groups = ["big"] * 50 + ["small"] * 3 + ["one"]
    assert set(split_of(numbered(54), seed, groups=groups).values()) == set(SPLITS)


def test_too_few_groups() -> None:
    with pytest.raises(InputError, match=r"2 groups \(A, B\) are too few .*correct `group` or `sequence`"):
        split_of(numbered(9), groups=[*"AAAABBBBB"])


def test_a_fraction_of_none() -> None:
    with pytest.raises(InputError, match="split val is empty: its fraction is 0"):
        divide(numbered(9), [""] * 9, {"train": 0.5, "val": 0, "test": 0.5}, 0)


@pytest.mark.parametrize(
    "fractions", [{"train": 1.0}, {**FRACTIONS, "val": 0.4}, {**FRACTIONS, "val": -0.3, "test": 0.8}]
)
def test_fractions_that_are_none(fractions: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="give fractions of train, val and test that sum to 1"):
        TypeAdapter(Fractions).validate_python(fractions)
