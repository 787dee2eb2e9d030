"""How images are divided into splits."""

import itertools

import pytest
from pydantic import TypeAdapter, ValidationError

from monolayer.datasets._splits import SPLITS, Shares, divide

SHARES = {"train": 0.5, "val": 0.3, "test": 0.2}


def test_another_seed_divides_otherwise() -> None:
    types = [""] * 100
    assert divide(types, SHARES, seed=0) == divide(types, SHARES, seed=0) != divide(types, SHARES, seed=1)


def test_each_cell_type_is_divided_by_the_shares() -> None:
    types = ["BV2"] * 20 + ["A172"] * 10
    parts = divide(types, SHARES, seed=3)
    assert sorted(itertools.chain(*parts.values())) == list(range(30))
    of_bv2 = {split: sum(types[number] == "BV2" for number in parts[split]) for split in SPLITS}
    assert of_bv2 == {"train": 10, "val": 6, "test": 4}
    assert [len(part) for part in parts.values()] == [15, 9, 6]


@pytest.mark.parametrize(
    "shares", [{"train": 1.0}, {**SHARES, "val": 0.4}, {**SHARES, "val": -0.3, "test": 0.8}]
)
def test_shares_that_are_none(shares: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="give shares of train, val and test that sum to 1"):
        TypeAdapter(Shares).validate_python(shares)
