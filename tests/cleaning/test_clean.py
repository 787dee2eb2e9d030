"""The whole cleaning on tiny images: what is broken goes, one planted defect at a time."""

import json

import numpy as np
import pytest
from laboratory import Laboratory, clean, only
from pictures import dish


def test_good_images_stay(laboratory: Laboratory) -> None:
    assert clean(laboratory) == []


def test_removed_csv_has_its_header(laboratory: Laboratory) -> None:
    clean(laboratory)
    header = "split,image_id,file_name,annotation_id,reason,kept_split,kept_image_id,score\n"
    assert (laboratory.out / "removed.csv").read_text() == header


def test_missing_file(laboratory: Laboratory) -> None:
    laboratory.add("train", 10, "gone.tif", None, [[[10.0, 10.0, 20.0, 10.0, 20.0, 20.0]]])
    only(clean(laboratory), image_id=10, file_name="gone.tif", reason="missing_file", annotation_id="")


def test_unreadable_files(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9)
    laboratory.add("train", 11, "small.tif", np.zeros((20, 30), np.uint8), [[[1.0, 1.0, 9.0, 1.0, 9.0, 9.0]]])
    (laboratory.images / "train" / "dish_train_10.tif").write_bytes(b"II*\0 no more than that")
    rows = clean(laboratory)
    assert [(row["image_id"], row["reason"]) for row in rows] == [
        ("10", "unreadable_file"),
        ("11", "unreadable_file"),
    ]


def test_no_annotation(laboratory: Laboratory) -> None:
    laboratory.add_dish("val", 10, seed=9, annotated=0)
    only(clean(laboratory), split="val", image_id=10, reason="no_annotation")


def test_no_sound_annotation_is_no_annotation(laboratory: Laboratory) -> None:
    laboratory.add_dish("val", 10, seed=9, annotated=0)
    laboratory.annotate("val", 10, [[1.0, 1.0]])
    rows = clean(laboratory)
    assert [(row["annotation_id"], row["reason"]) for row in rows] == [
        ("", "no_annotation"),
        ("13", "too_few_points"),
    ]


def test_incomplete_annotation(laboratory: Laboratory) -> None:
    image, polygons = dish(9, cells=18)
    laboratory.add("test", 10, "crowd.tif", image, [[polygons[0]]])
    laboratory.add(
        "test", 11, "few.tif", *(lambda image, cells: (image, [[cell] for cell in cells]))(*dish(8, 3))
    )
    only(clean(laboratory), split="test", image_id=10, reason="incomplete_annotation")


@pytest.mark.parametrize(("truth", "cells"), [("none", 0), ("partial", 0), ("partial", 1)])
def test_images_that_the_data_set_says_are_not_annotated_stay(
    laboratory: Laboratory, truth: str, cells: int
) -> None:
    image, polygons = dish(9, cells=18)
    laboratory.add("test", 10, "crowd.tif", image, [[polygon] for polygon in polygons[:cells]])
    laboratory.splits["test"]["images"][-1]["truth"] = truth
    assert clean(laboratory) == []


def test_annotations(laboratory: Laboratory) -> None:
    laboratory.annotate("train", 1, [[1.0, 1.0, 5.0, 5.0, 9.0, 9.0]])
    laboratory.annotate("train", 1, laboratory.splits["train"]["annotations"][0]["segmentation"])
    laboratory.annotate("train", 77, [[1.0, 1.0, 5.0, 1.0, 9.0, 9.0]])
    rows = clean(laboratory)
    assert [(row["image_id"], row["annotation_id"], row["reason"], row["score"]) for row in rows] == [
        ("1", "13", "no_area", ""),
        ("1", "14", "doubled_contour", "1.0000"),
        ("77", "15", "unknown_image", ""),
    ]


def test_annotations_go_with_their_image_without_rows(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9)
    laboratory.add_dish("train", 11, seed=9)
    laboratory.annotate("train", 11, [[1.0, 1.0]])
    only(clean(laboratory), image_id=11, reason="same_pixels", annotation_id="")
    counts = json.loads(laboratory.metrics.read_text())["splits"]["train"]["annotations"]["removed"]
    assert counts["with_image"] == 13
