import pytest

from monolayer.errors import InputError
from monolayer.synthesis.cell_types import CELL_TYPES, cell_type


def test_livecells_eight_types():
    assert sorted(CELL_TYPES) == ["A172", "BT474", "BV2", "Huh7", "MCF7", "SHSY5Y", "SKOV3", "SkBr3"]
    assert cell_type("BV2") is CELL_TYPES["BV2"]


def test_unknown_type_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'HeLa' is unknown; valid: A172, .*SkBr3"):
        cell_type("HeLa")
