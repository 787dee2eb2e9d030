"""Methods share a letter exactly where they are not distinct."""

import re

import numpy as np
import pytest

from monolayer.metrics.compact_letters import compact_letters


def letters_in(text: str) -> set[str]:
    return set(re.findall("[a-z][0-9]*", text))


@pytest.mark.parametrize("seed", range(8))
def test_sharing_a_letter_is_not_being_distinct(seed: int):
    rng = np.random.default_rng(seed)
    half = np.triu(rng.random((9, 9)) < rng.random(), 1)
    distinct = half | half.T
    letters = [letters_in(own) for own in compact_letters(distinct)]
    for one in range(9):
        for other in range(9):
            assert bool(letters[one] & letters[other]) != distinct[one, other]


def test_steps_along_a_ranking():
    values = np.array([0.9, 0.88, 0.84, 0.8, 0.3])
    distinct = np.abs(values[:, None] - values) > 0.05
    assert compact_letters(distinct) == ["a", "ab", "bc", "c", "d"]


def test_all_alike_and_all_distinct():
    assert compact_letters(np.zeros((3, 3), dtype=bool)) == ["a", "a", "a"]
    assert compact_letters(~np.eye(3, dtype=bool)) == ["a", "b", "c"]


def test_more_than_the_alphabet_has():
    letters = compact_letters(~np.eye(30, dtype=bool))
    assert len(set(letters)) == 30
    assert letters[25:28] == ["z", "a1", "b1"]
