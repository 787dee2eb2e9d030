"""Kaggle's tables and run-length codes."""

from pathlib import Path

import numpy as np
import pytest
from slow_codes import decode, discs, encode

from monolayer.annotations.rasterise import CellRuns
from monolayer.annotations.run_length_csv import Order, read_codes, read_table, write_codes
from monolayer.errors import InputError

ORDERS: tuple[Order, ...] = ("rows", "columns")
LABELS = np.array(
    [
        [0, 1, 1, 0, 0],
        [0, 1, 0, 0, 2],
        [0, 1, 1, 2, 2],
        [0, 0, 0, 2, 0],
        [3, 3, 3, 3, 0],
    ]
)
BY_ROWS = ["2 2 7 1 12 2", "10 1 14 2 19 1", "21 4"]
BY_COLUMNS = ["6 3 11 1 13 1", "18 2 22 2", "5 1 10 1 15 1 20 1"]


def masks(runs: CellRuns, cells: int, height: int, width: int) -> np.ndarray:
    """Bool [N, H, W]."""
    position, cell = runs.pixels()
    flat = np.zeros((cells, width * height), dtype=bool)
    flat[cell, position] = True
    return flat.reshape(-1, width, height).transpose(0, 2, 1)


def read(*codes: str, order: Order = "rows", height: int = 5, width: int = 5) -> CellRuns:
    return read_codes(codes, [f"line {number}" for number in range(2, len(codes) + 2)], height, width, order)


@pytest.mark.parametrize(("order", "codes"), [("rows", BY_ROWS), ("columns", BY_COLUMNS)])
def test_codes_worked_out_by_hand(order: Order, codes: list[str]) -> None:
    assert write_codes(LABELS, order) == codes
    np.testing.assert_array_equal(masks(read(*codes, order=order), 3, 5, 5), [k == LABELS for k in (1, 2, 3)])


@pytest.mark.parametrize("order", ORDERS)
def test_as_the_slow_decoder_says_where_cells_overlap(order: Order) -> None:
    generator = np.random.default_rng(0)
    centres = [(int(row), int(column)) for row, column in generator.integers(0, 40, (12, 2))]
    drawn = discs(31, 44, centres, 6)
    codes = [encode(mask, order) for mask in drawn if mask.any()]
    expected = [decode(code, 31, 44, order) for code in codes]
    runs = read(*codes, order=order, height=31, width=44)
    np.testing.assert_array_equal(masks(runs, len(codes), 31, 44), expected)
    assert runs.areas().tolist() == [mask.sum() for mask in expected]


@pytest.mark.parametrize("order", ORDERS)
def test_as_the_slow_encoder_says_for_any_labels(order: Order) -> None:
    labels = np.random.default_rng(1).integers(0, 4, (7, 9))
    assert write_codes(labels, order) == [encode(labels == k, order) for k in (1, 2, 3)]


def test_cells_that_end_and_begin_with_the_image_stay_apart() -> None:
    runs = read("25 1", "1 1", "24 2")
    assert [plane.tolist() for plane in runs] == [[24, 0, 19, 24], [25, 1, 20, 25], [0, 1, 2, 2]]


@pytest.mark.parametrize("order", ORDERS)
def test_runs_that_touch_are_one(order: Order) -> None:
    for touching, whole in zip(read("1 2 3 3", order=order), read("1 5", order=order), strict=True):
        np.testing.assert_array_equal(touching, whole)


def test_no_cells() -> None:
    assert read().pixels()[0].size == 0
    assert write_codes(np.zeros((3, 4), int), "rows") == write_codes(np.zeros((3, 4), int), "columns") == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "is empty: remove the row"),
        ("  ", "is empty: remove the row"),
        ("3 x", "holds 'x': give the start and length of each run as whole numbers from 1 on"),
        ("1.5 2", "holds '1.5'"),
        ("-3 2", "holds '-3'"),
        ("3 -2", "holds '-2'"),
        ("1,2", "holds '1,2'"),
        ("\u0663 2", "holds '\u0663'"),
        ("nan nan", "holds 'nan'"),
        ("3 2 9", "has 3 numbers: give the start and the length of each run"),
        ("0 2", "the run '0 2' is none: starts and lengths count from 1 on"),
        ("3 0", "the run '3 0' is none"),
        ("24 3", "the run '24 3' leaves the image of 5 x 5 pixels: correct the code or the size"),
        ("26 1", "the run '26 1' leaves the image"),
        ("1 99999999999999999999999", "the run '1 9{16}\\d+' leaves the image"),
        ("7 1 2 2", "the run '2 2' begins before the one before it ends: give runs that ascend"),
        ("2 3 4 2", "the run '4 2' begins before the one before it ends"),
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_a_code_that_is_none(code: str, message: str, order: Order) -> None:
    with pytest.raises(InputError, match=f"^line 3: .*{message}"):
        read("1 2", code, "5 1", order=order)


@pytest.mark.parametrize(("order", "other"), [ORDERS, ORDERS[::-1]])
def test_codes_in_the_other_order(order: Order, other: Order) -> None:
    codes = [encode(mask, other) for mask in discs(30, 44, [(8, 8), (20, 30)], 6)]
    message = (
        f"^line 2: the runs .* if its pixels are numbered by {other}, but not by {order}: set `order` to"
    )
    with pytest.raises(InputError, match=message):
        read(*codes, order=order, height=30, width=44)


def test_a_few_runs_tell_no_order() -> None:
    code = "1 1 8 1 15 1"  # one below the other in the other order
    assert masks(read(code, height=7, width=9), 1, 7, 9).sum() == 3


def table(folder: Path, text: str) -> Path:
    (folder / "train.csv").write_text(text)
    return folder / "train.csv"


def test_a_table_is_text_with_the_lines_of_the_file(tmp_path: Path) -> None:
    read = read_table(table(tmp_path, "id,more,code\nNA,1,\n\n007,2,1 2\n\n"), ["id", "code"])
    assert read.index.tolist() == [2, 4]
    assert read["id"].tolist() == ["NA", "007"]
    assert read["code"].tolist() == ["", "1 2"]


def test_a_table_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.csv not found: give the path of a CSV file"):
        read_table(tmp_path / "train.csv", ["id"])


@pytest.mark.parametrize(
    "text", ["", "id,code\na,1 2,3\n", "id,code\na,1 2\nb,1 2,3\n", 'id,code\n"a,1 2\n', "id,code\n\udcff,\n"]
)
def test_a_table_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"train\.csv cannot be read as CSV \(.*\): write it again"):
        read_table(tmp_path / "train.csv", ["id", "code"])


def test_a_table_without_a_column(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.csv has no column code: its columns must be id, code"):
        read_table(table(tmp_path, "id,kode\na,1 2\n"), ["id", "code"])
