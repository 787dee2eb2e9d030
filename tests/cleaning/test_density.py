"""Cells per area, and whether an image has few of them."""

import pytest
from msgspec import structs
from test_copies import survey

from monolayer.cleaning.completeness import Coverage
from monolayer.cleaning.decisions import has_few_cells
from monolayer.cleaning.density import cell_density, typical_density
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey


def of_type(cell_type: str, cells: int, truth: str = "complete", width: int = 8) -> Survey:
    own = survey("train", 1, cells=cells)
    changed = {"cell_type": cell_type, "truth": truth, "width": width}
    return own._replace(image=structs.replace(own.image, **changed))


def test_density_is_relative_to_the_area() -> None:
    assert cell_density(of_type("a", 6, width=16)) == 6 / (8 * 16)
    assert cell_density(of_type("a", 6, width=0)) == 6


def test_the_median_of_a_type_and_of_all_where_it_has_few_images() -> None:
    many = [of_type("a", cells) for cells in (10, 20, 30, 40, 500)]
    few = [of_type("b", cells) for cells in (1, 2)]
    unknown = [of_type("a", 0), of_type("a", 1, "partial"), of_type("c", 0, "none")]
    typical = typical_density([*many, *few, *unknown])
    assert {name: density * 64 for name, density in typical.items()} == {"a": 30, "b": 20, "c": 20}


def test_nothing_annotated_has_no_median() -> None:
    assert typical_density([of_type("a", 0)]) == {"a": 0}


@pytest.mark.parametrize(
    ("cells", "coverage", "few"),
    [
        (19, Coverage(0.01, 0.9), True),
        (19, None, True),
        (21, None, False),
        (21, Coverage(0.1, 0.3), True),  # 84 with what seems to be missing: as many as usual
        (21, Coverage(0.01, 0.3), False),  # 651: that is no texture of cells
        (41, Coverage(0.1, 0.2), False),
    ],
)
def test_few_cells(cells: int, coverage: Coverage | None, few: bool) -> None:
    own = of_type("a", cells)._replace(coverage=coverage)
    assert has_few_cells(own, CleaningSettings(), {"a": 100 / 64}) == few
