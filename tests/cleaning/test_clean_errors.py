"""Data that the cleaning cannot work with."""

import shutil
from typing import Any

import pytest
from laboratory import Laboratory, clean

from monolayer.errors import InputError


def test_an_empty_split_says_why(laboratory: Laboratory) -> None:
    shutil.rmtree(laboratory.images / "val")
    with pytest.raises(
        InputError, match=r"split val has no image left after the cleaning \(1 missing_file\)"
    ):
        clean(laboratory)
    assert not laboratory.out.exists()


def test_a_split_that_was_empty(laboratory: Laboratory) -> None:
    laboratory.splits["test"] = {"images": [], "annotations": []}
    with pytest.raises(InputError, match=r"split test has no image left after the cleaning \(it had none\)"):
        clean(laboratory)


def test_no_image_left_at_all(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(7):
        laboratory.add_dish("train", 10 + number, seed=20 + number)
    for listed in laboratory.splits.values():
        for image in listed["images"]:
            image |= {"width": image["height"], "height": image["width"]}
    message = r"split train has no image left after the cleaning \(8 unreadable_file\)"
    with pytest.raises(InputError, match=message):
        clean(laboratory)
    lines = capsys.readouterr().err.splitlines()
    assert "dish_train_1.tif is 160 x 128 pixels, but its annotations are for 128 x 160" in lines[0]
    assert lines[5].startswith("deduplicate: 3 more files cannot be used, the last because: ")
    assert "dish_val_2.tif is 160 x 128 pixels" in lines[6]
    assert lines[8] == "deduplicate: 10 images removed as unreadable_file, such as dish_train_1.tif of train"
    assert len(lines) == 10


def test_unreadable_files_are_named_though_another_split_has_an_error(
    laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory.splits["train"]["images"][0]["width"] = 9
    laboratory.annotate("val", 2, "polygon")
    with pytest.raises(InputError, match="segmentation that cannot be used"):
        clean(laboratory)
    assert (
        "dish_train_1.tif is 160 x 128 pixels, but its annotations are for 9 x 128" in capsys.readouterr().err
    )


def test_no_annotation_left_at_all(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    for listed in laboratory.splits.values():
        for annotation in listed["annotations"]:
            annotation["segmentation"] = [[value / 1000 for value in annotation["segmentation"][0]]]
    with pytest.raises(InputError, match=r"\(1 no_annotation\)"):
        clean(laboratory)
    lines = capsys.readouterr().err
    assert "deduplicate: 3 images removed as no_annotation, such as dish_train_1.tif of train\n" in lines
    assert "deduplicate: 36 annotations removed as no_area, such as dish_train_1.tif of train\n" in lines


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ("polygon", "dish_train_1.tif of split train has a segmentation that cannot be used: "),
        ({"size": [9, 9], "counts": [81]}, r"size \[9, 9\] in an image of \[128, 160\]"),
        ({"size": [128, 160], "counts": "52203"}, r"counts \d+ pixels in an image of 20480"),
    ],
)
def test_bad_segmentations(laboratory: Laboratory, segmentation: Any, message: str) -> None:
    laboratory.annotate("train", 1, segmentation)
    with pytest.raises(InputError, match=message):
        clean(laboratory)
