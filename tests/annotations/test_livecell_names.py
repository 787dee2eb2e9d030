"""LIVECell's file names, read and written."""

import pytest

from monolayer.annotations.livecell_names import LivecellName, parse, write


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("A172_Phase_C7_1_02d16h00m_2.tif", ("A172", "C7", 1, 64 * 60, 2)),
        ("SkBr3_Phase_H12_2_00d00h00m_1.tif", ("SkBr3", "H12", 2, 0, 1)),
        ("livecell_test_images/BV2/BV2_Phase_D4_1_00d12h30m_4.png", ("BV2", "D4", 1, 750, 4)),
    ],
)
def test_names_are_read(file_name: str, expected: tuple[str, str, int, int, int]) -> None:
    assert parse(file_name) == expected


@pytest.mark.parametrize(
    "file_name",
    [
        "nuclei.tif",
        "A172_Phase_7C_1_02d16h00m_2.tif",
        "A172_Phase_C7_1_2d16h00m_2.tif",
        "A172_Phase_C7_1_02d16h00m.tif",
        "A172_Phase_C7_1_02d16h00m_2",
        ".._Phase_C7_1_02d16h00m_2.tif",
        "images/.._Phase_C7_1_02d16h00m_2.tif",
        "",
    ],
)
def test_other_names_give_none(file_name: str) -> None:
    assert parse(file_name) is None


@pytest.mark.parametrize("minutes", [0, 59, 60, 24 * 60 - 1, 24 * 60, 99 * 24 * 60])
def test_writing_is_the_inverse(minutes: int) -> None:
    name = LivecellName("MCF7", "B3", 2, minutes, 4)
    assert parse(write(name)) == name


def test_field_of_view_forgets_time_and_crop() -> None:
    first, later = parse("Huh7_Phase_A10_1_00d04h00m_1.tif"), parse("Huh7_Phase_A10_1_02d12h00m_3.tif")
    assert first is not None
    assert later is not None
    assert first.field_of_view == later.field_of_view == ("Huh7", "A10", 1)
