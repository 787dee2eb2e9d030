"""Submissions: written, checked, and read back by an independent decoder."""

import csv
import io
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml
from slow_codes import decode, discs, encode

from monolayer.annotations.coco import Coco, Image, write_coco
from monolayer.annotations.rasterise import painted
from monolayer.annotations.run_length_csv import Order, read_codes
from monolayer.errors import InputError
from monolayer.predictions.cells import Cells, Prediction, cells_of_labels
from monolayer.predictions.files import Result, read_results, write_predictions
from monolayer.predictions.submission import separate_cells, submission_text, validate_submission
from stages.submission import submission

ORDERS: tuple[Order, ...] = ("rows", "columns")
SQUARE = Image(1, "test/square.png", 5, 5)
WIDE = Image(2, "wide.png", 44, 30)
LARGE = [[0, 0, 0, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
SMALL = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]


def result(image: Image, mask: object, score: float = 0.5) -> Result:
    """A mask, [H, W], as a predicted cell; its COCO code is counted pixel by pixel."""
    pixels = np.asarray(mask, dtype=bool)
    counts, value = [0], 0
    for pixel in pixels.T.ravel().astype(int).tolist():
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    code = {"size": list(pixels.shape), "counts": counts}
    return Result(image.id, msgspec.Raw(json.dumps(code).encode()), score)


def rows(text: str) -> list[list[str]]:
    head, *others = csv.reader(io.StringIO(text))
    assert head == ["id", "predicted"]
    return others


def square_rows(*results: Result, order: Order = "rows", score_floor: float = 0.0) -> list[str]:
    text = submission_text([SQUARE], {1: list(results)}, order, score_floor)
    assert {id_ for id_, _ in rows(text)} == {"square"}
    return [code for _, code in rows(text)]


def written(folder: Path, text: str) -> Path:
    path = folder / "submission.csv"
    path.write_text(text)
    return path


def test_a_smaller_cell_keeps_its_pixels() -> None:
    large, small = result(SQUARE, LARGE, 0.9), result(SQUARE, SMALL, 0.1)
    assert square_rows(large, small) == ["6 4 11 3", "14 2 19 2"]
    assert square_rows(small, large) == ["14 2 19 2", "6 4 11 3"]
    assert square_rows(large, small, order="columns") == ["2 2 7 2 12 2 17 1", "18 2 23 2"]


def test_of_equally_large_cells_the_score_decides_then_the_order() -> None:
    other = np.roll(SMALL, -1, axis=1)
    low, high = result(SQUARE, SMALL, 0.4), result(SQUARE, other, 0.6)
    assert square_rows(low, high) == ["15 1 20 1", "13 2 18 2"]
    assert square_rows(result(SQUARE, SMALL), result(SQUARE, other)) == ["14 2 19 2", "13 1 18 1"]


def test_a_cell_that_loses_all_its_pixels_is_dropped() -> None:
    twice = [result(SQUARE, SMALL, 0.4), result(SQUARE, SMALL, 0.6)]
    assert square_rows(*twice) == ["14 2 19 2"]
    left, right = np.zeros((2, 5, 5))
    left[1, :2] = right[1, 2:4] = left[2, :2] = right[2, 2:4] = 1
    assert square_rows(*(result(SQUARE, mask) for mask in (LARGE, left, right))) == ["6 2 11 2", "8 2 13 2"]


def test_a_cell_below_the_floor_takes_no_pixels() -> None:
    large, small = result(SQUARE, LARGE, 0.9), result(SQUARE, SMALL, 0.1)
    assert square_rows(large, small, score_floor=0.5) == ["6 4 11 4"]
    assert square_rows(large, small, score_floor=0.1) == ["6 4 11 3", "14 2 19 2"]


def test_an_image_without_cells_has_one_row_without_a_code(tmp_path: Path) -> None:
    assert square_rows() == square_rows(result(SQUARE, SMALL, 0.1), score_floor=0.5) == [""]
    text = submission_text([SQUARE, WIDE], {1: [], 2: []}, "rows")
    assert text == "id,predicted\nsquare,\nwide,\n"
    validate_submission(written(tmp_path, text), [SQUARE, WIDE], "rows")


def test_separated_cells_are_the_smallest_at_every_pixel() -> None:
    generator = np.random.default_rng(0)
    centres = generator.integers(0, 30, (9, 2)).tolist()
    masks = [discs(30, 44, [centre], 3 + number % 4)[0] for number, centre in enumerate(centres)]
    scores = generator.choice([0.2, 0.4, 0.6], 9)
    codes = [encode(mask, "rows") for mask in masks]
    runs = read_codes(codes, codes, 30, 44, "rows")
    ranked = sorted(range(9), key=lambda k: (masks[k].sum(), -scores[k], k))
    expected = np.zeros((30, 44), int)
    for k in reversed(ranked):
        expected[masks[k]] = k + 1
    np.testing.assert_array_equal(separate_cells(Cells(runs, scores), 30, 44), expected)


@pytest.mark.parametrize("order", ORDERS)
def test_round_trip(tmp_path: Path, order: Order) -> None:
    labels = np.zeros((30, 44), int)
    for number, mask in enumerate(discs(30, 44, [(5, 8), (12, 12), (22, 30), (29, 43)], 6), 1):
        labels[mask] = number
    probability = (labels > 0).astype(np.float32)
    prediction = Prediction(probability, cells_of_labels(labels, probability))
    write_predictions(tmp_path, "test", [([WIDE.id], prediction)])
    images = [SQUARE, WIDE]
    text = submission_text(images, read_results(tmp_path / "test.json", images), order)
    validate_submission(written(tmp_path, text), images, order)
    codes = [code for id_, code in rows(text) if id_ == "wide"]
    for number, code in enumerate(codes, 1):
        np.testing.assert_array_equal(decode(code, 30, 44, order), labels == number)
    np.testing.assert_array_equal(painted(read_codes(codes, codes, 30, 44, order), 30, 44), labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,code\nsquare,1 2\n", "has no column predicted: its columns must be id, predicted"),
        ("predicted\n1 2\n", "has no column id"),
        ("id,predicted\nsquare,1 2\n\nround,1 2\n", "line 4, id round: no image has this id: remove the row"),
        ("id,predicted\n,1 2\n", "line 2, id : no image has this id"),
        ("id,predicted\nwide,1 2\n", "no row has the id square: add one, with an empty code if it has no"),
        ("id,predicted\nsquare,1 2 3\nwide,\n", "line 2, id square: the run-length code has 3 numbers"),
        ("id,predicted\nwide,\nsquare,1 two\n", "line 3, id square: the run-length code holds 'two'"),
        ("id,predicted\nwide,\nsquare,25 2\n", "line 3, id square: the run '25 2' leaves the image of 5 x 5"),
        ("id,predicted\nwide,\nsquare,1 2 2 2\n", "line 3, id square: the run '2 2' begins before the one"),
        (
            "id,predicted\nsquare,9 3\nwide,\nsquare,1 3\nsquare,11 1\n",
            r"line 5, id square: the cell overlaps that of .*line 2, id square: give each pixel to one cell",
        ),
        ("id,predicted\nwide,\nsquare,1 2\nsquare,\n", "line 4, id square: the run-length code is empty"),
        ("id,predicted\nwide,\nwide,\nsquare,\n", "line 2, id wide: the run-length code is empty"),
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_a_submission_that_is_none(tmp_path: Path, text: str, message: str, order: Order) -> None:
    with pytest.raises(InputError, match=rf"submission\.csv.* ?{message}"):
        validate_submission(written(tmp_path, text), [SQUARE, WIDE], order)


def test_a_submission_in_the_other_order(tmp_path: Path) -> None:
    masks = discs(30, 44, [(8, 8), (20, 30)], 6)
    text = submission_text([WIDE], {2: [result(WIDE, mask) for mask in masks]}, "columns")
    with pytest.raises(InputError, match=r"line 2, id wide: .* numbered by columns, but not by rows"):
        validate_submission(written(tmp_path, text), [WIDE], "rows")


def test_a_submission_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"submission\.csv not found"):
        validate_submission(tmp_path / "submission.csv", [SQUARE], "rows")


def test_two_images_of_one_name() -> None:
    twin = Image(3, "other/square.tif", 5, 5)
    with pytest.raises(InputError, match=r"id square: test/square\.png, other/square\.tif: remove one"):
        submission_text([SQUARE, twin], {1: [], 3: []}, "rows")


class Project:
    """A model's predictions, the split that they are of, and params.yaml."""

    def __init__(self, root: Path, source: dict[str, object]) -> None:
        self.paths = {
            "predictions": root / "predictions" / "unet",
            "metrics": root / "unet.json",
            "annotations": root / "annotations" / "test.json",
            "out": root / "kaggle" / "submission.csv",
        }
        (root / "params.yaml").write_text(yaml.safe_dump({"dataset": "it", "datasets": {"it": source}}))
        self.paths["metrics"].write_text(json.dumps({"val": {"clean": {"score_floor": 0.3}}}))
        write_coco(self.paths["annotations"], Coco([SQUARE, WIDE], []))
        self.paths["predictions"].mkdir(parents=True)
        cells = [result(SQUARE, LARGE, 0.9), result(SQUARE, SMALL, 0.1)]
        (self.paths["predictions"] / "test.json").write_bytes(msgspec.json.encode(cells))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, {"source": "sartorius", "data": "a", "order": "columns"})
    monkeypatch.chdir(tmp_path)
    submission(**project.paths)
    expected = "id,predicted\nsquare,2 2 7 2 12 2 17 2\nwide,\n"
    assert project.paths["out"].read_text() == expected


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (None, r"unet\.json not found: run the evaluate stage of the model"),
        (
            {"val": {"clean": {}}},
            r"unet\.json does not hold a score floor \(KeyError\('score_floor'\)\): evaluate",
        ),
    ],
)
def test_the_command_without_a_score_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metrics: object, message: str
) -> None:
    project = Project(tmp_path, {"source": "sartorius", "data": "a"})
    monkeypatch.chdir(tmp_path)
    if metrics is None:
        project.paths["metrics"].unlink()
    else:
        project.paths["metrics"].write_text(json.dumps(metrics))
    with pytest.raises(InputError, match=message):
        submission(**project.paths)
    assert not project.paths["out"].exists()


def test_the_command_for_another_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, {"source": "livecell"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="dataset is of source livecell: select one of source sartorius"):
        submission(**project.paths)
