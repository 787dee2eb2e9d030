"""What the cleaning says on the screen."""

import pytest
from laboratory import Laboratory, clean
from pictures import circle, dish
from test_copies import survey

from monolayer.cleaning import messages
from monolayer.cleaning.settings import CleaningSettings


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines on the screen, but for the last one, on fields of view."""
    *lines, last = capsys.readouterr().err.splitlines()
    assert "cannot tell which fields of view" in last
    return [line.removeprefix("deduplicate: ") for line in lines]


def test_nothing_is_said_of_good_images(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    clean(laboratory)
    assert said(capsys) == []


def test_missing_files_and_copies_are_named(
    laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        laboratory.add("train", 10 + number, f"gone_{number}.tif", None, [[circle(30, 30, 9)]])
    laboratory.add_dish("train", 20, seed=1, name="again.tif")
    laboratory.annotate("val", 77, [circle(30, 30, 9)])
    clean(laboratory)
    assert said(capsys) == [
        "3 images removed as missing_file, such as gone_0.tif of train",
        "1 image removed as same_pixels, such as again.tif of train, which repeats image 1 of train",
        "1 annotation removed as unknown_image, such as one of image 77 of val",
    ]


def test_images_that_may_lack_annotations(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(5):
        image, polygons = dish(40 + number, cells=24)
        laboratory.add("train", 10 + number, f"debris_{number}.tif", image, [[cell] for cell in polygons[:3]])
    assert clean(laboratory) == []
    (line,) = said(capsys)
    assert line.startswith("5 images may lack annotations, such as debris_0.tif: much outside of them has ")
    assert clean(laboratory, incomplete_annotation=False) == []
    assert said(capsys) == []
    rows = clean(laboratory, few_cells=1000)
    assert [row["image_id"] for row in rows] == ["10", "11", "12", "13", "14"]


def test_too_many_images_for_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    surveys = [survey("train", 1), survey("val", 2), survey("test", 3)]
    shared = {"train_val": 0}
    assert list(messages.lines_of_doubts(surveys, [], CleaningSettings(), shared)) == []
    monkeypatch.setattr(messages, "MOST_IMAGES", 2)
    assert list(messages.lines_of_doubts(surveys, [], CleaningSettings(), shared)) == [
        "overlapping tiles are looked for among 2 images at most, not among 3"
    ]
    assert list(messages.lines_of_doubts(surveys, [], CleaningSettings(near_copy=False), shared)) == []
