"""Tables with a row for each image."""

from pathlib import Path

import pytest

from monolayer.datasets._table import read_rows
from monolayer.errors import InputError

NAMES = ["astro/img0.png", "astro/img1.png", "cort/img0.png"]


def types(path: Path, text: str, names: list[str], encoding: str = "utf-8") -> list[str]:
    path.write_text(text, encoding=encoding)
    return read_rows(path, names, "file", ["kind"])["kind"].tolist()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "kinds.csv"


@pytest.mark.parametrize(
    "rows",
    [
        "astro/img0.png,a\nastro/img1.png,b\ncort/img0.png,c",
        "astro\\img0.png,a\nastro\\img1.png,b\ncort\\img0.png,c",
        "./astro/img0.png,a\nimg1.png,b\ncort/img0.png,c",
        "/data/set/astro/img0.png,a\nset/astro/img1.png,b\nD:\\set\\cort\\img0.png,c",
        " cort/img0.png , c \nastro/img1.png,b\nastro/img0.png,a\nother.png,d",
        "astro/img0.png,a\nastro/img0.png,a\nastro/img1.png,b\ncort/img0.png,c",
    ],
)
def test_rows_go_by_paths(rows: str, table: Path) -> None:
    assert types(table, f"file,kind\n{rows}\n", NAMES) == ["a", "b", "c"]


def test_a_path_in_full_goes_before_a_bare_name(table: Path) -> None:
    assert types(table, "file,kind\nx.png,a\nsub/x.png,b", ["sub/x.png", "x.png"]) == ["b", "a"]


def test_a_bare_name_of_several_images(table: Path) -> None:
    with pytest.raises(
        InputError, match=r"lists img0\.png, which may be astro/img0\.png or cort/img0\.png: give"
    ):
        types(table, "file,kind\nimg0.png,a\nimg1.png,b", NAMES)
    with pytest.raises(InputError, match=r"lists img0\.png, which may be"):
        types(table, "file,kind\nimg0.png,a\nimg0.png,c\nimg1.png,b", NAMES)


def test_rows_that_differ(table: Path) -> None:
    with pytest.raises(InputError, match=r"lists a\.png several times, with the kind x and y: correct it"):
        types(table, "file,kind\na.png,x\na.png,y", ["a.png"])


def test_accents_are_spelled_in_two_ways(table: Path) -> None:
    composed, decomposed = "h\u00fchner.png", "hu\u0308hner.png"
    assert types(table, f"file,kind\n{composed},a", [decomposed]) == ["a"]


def test_a_byte_order_mark_and_spaces_in_the_head(table: Path) -> None:
    assert types(table, "file, kind\na.png, a", ["a.png"], "utf-8-sig") == ["a"]


def test_a_table_that_is_no_text(table: Path) -> None:
    with pytest.raises(InputError, match=r"kinds\.csv cannot be read as CSV in UTF-8"):
        types(table, "file,kind\na.png,a", ["a.png"], "utf-16")


def test_another_folder_is_another_image(table: Path) -> None:
    with pytest.raises(InputError, match=r"does not list astro/img0\.png"):
        types(table, "file,kind\nbv2/img0.png,a", ["astro/img0.png"])
