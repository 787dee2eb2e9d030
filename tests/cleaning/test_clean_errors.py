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
