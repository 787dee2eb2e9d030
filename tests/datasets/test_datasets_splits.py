"""How images are divided into splits."""

import itertools

import pytest
from pydantic import TypeAdapter, ValidationError

from monolayer.datasets._splits import SPLITS, Fractions, divide

FRACTIONS = {"train": 0.5, "val": 0.3, "test": 0.2}


def test_another_seed_divides_otherwise() -> None:
    types = [""] * 100
    assert (
        divide(types, FRACTIONS, seed=0)
        == divide(types, FRACTIONS, seed=0)
        != divide(types, FRACTIONS, seed=1)
    )


def test_each_cell_type_is_divided_by_the_fractions() -> None:
    types = ["BV2"] * 20 + ["A172"] * 10
    parts = divide(types, FRACTIONS, seed=3)
    assert sorted(itertools.chain(*parts.values())) == list(range(30))
    of_bv2 = {split: sum(types[number] == "BV2" for number in parts[split]) for split in SPLITS}
    assert of_bv2 == {"train": 10, "val": 6, "test": 4}
    assert [len(part) for part in parts.values()] == [15, 9, 6]


@pytest.mark.parametrize(
    "fractions", [{"train": 1.0}, {**FRACTIONS, "val": 0.4}, {**FRACTIONS, "val": -0.3, "test": 0.8}]
)
def test_shares_that_are_none(fractions: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="give fractions of train, val and test that sum to 1"):
        TypeAdapter(Fractions).validate_python(fractions)
