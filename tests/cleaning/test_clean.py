"""The whole cleaning on tiny images, one planted defect at a time."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laboratory import Laboratory
from pictures import dish, jpeg, stretch

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute import ComputeSettings

HERE = ComputeSettings(jobs=1)


def clean(laboratory: Laboratory, **settings: Any) -> list[dict[str, str]]:
    """Run the cleaning, check the accounts, and return the rows of removed.csv."""
    laboratory.write()
    folders = (laboratory.sampled, laboratory.images, laboratory.out, laboratory.metrics)
    clean_splits(*folders, CleaningSettings(**settings), HERE)
    with (laboratory.out / "removed.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    check_accounts(laboratory, rows)
    return rows


def check_accounts(laboratory: Laboratory, rows: list[dict[str, str]]) -> None:
    """Every image and annotation that went is in the table and in the metrics, or went with its image."""
    metrics = json.loads(laboratory.metrics.read_text())
    for split, listed in laboratory.splits.items():
        left = json.loads((laboratory.out / f"{split}.json").read_text())
        gone = {int(row["image_id"]) for row in rows if row["split"] == split and not row["annotation_id"]}
        lost = {int(row["annotation_id"]) for row in rows if row["split"] == split and row["annotation_id"]}
        assert [image["id"] for image in left["images"]] == [
            image["id"] for image in listed["images"] if image["id"] not in gone
        ]
        assert [annotation["id"] for annotation in left["annotations"]] == [
            annotation["id"]
            for annotation in listed["annotations"]
            if annotation["id"] not in lost and annotation["image_id"] not in gone
        ]
        for kind in ("images", "annotations"):
            counts = metrics["splits"][split][kind]
            assert counts["before"] == len(listed[kind])
            assert counts["after"] == len(left[kind])
            assert counts["before"] - sum(counts["removed"].values()) == counts["after"]
        for row in rows:
            kind = "annotations" if row["annotation_id"] else "images"
            assert metrics["splits"][row["split"]][kind]["removed"][row["reason"]] > 0


def only(rows: list[dict[str, str]], **expected: Any) -> None:
    """Check that one row was written, and what stands in some of its columns."""
    assert len(rows) == 1, rows
    assert {key: rows[0][key] for key in expected} == {key: str(value) for key, value in expected.items()}


def test_good_images_stay(laboratory: Laboratory) -> None:
    assert clean(laboratory) == []


def test_removed_csv_has_its_header(laboratory: Laboratory) -> None:
    clean(laboratory)
    header = "split,image_id,file_name,annotation_id,reason,kept_split,kept_image_id,score\n"
    assert (laboratory.out / "removed.csv").read_text() == header


def test_of_one_name_the_fuller_annotation_stays(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9, name="twice.tif", annotated=8)
    laboratory.add_dish("train", 11, seed=9, name="twice.tif")
    rows = clean(laboratory)
    only(rows, image_id=10, reason="same_name", kept_split="train", kept_image_id=11, score="1.0000")


def test_of_equally_full_annotations_the_smaller_id_stays(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 11, seed=9, name="twice.tif")
    laboratory.add_dish("train", 10, seed=9, name="twice.tif")
    only(clean(laboratory), image_id=11, reason="same_name", kept_image_id=10)


def test_faulty_annotations_do_not_count_as_fuller(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9, name="a.tif", annotated=10)
    laboratory.add_dish("train", 11, seed=9, name="b.tif", annotated=9)
    for _ in range(5):
        laboratory.annotate("train", 11, [[1.0, 1.0]])
    only(clean(laboratory), image_id=11, reason="same_pixels", kept_image_id=10)


def test_one_name_for_different_images_is_no_copy(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=8, name="001.tif")
    laboratory.add_dish("val", 10, seed=9, name="001.tif")
    assert clean(laboratory) == []


def test_near_copy(laboratory: Laboratory) -> None:
    image, polygons = dish(9)
    laboratory.add_dish("train", 10, seed=9)
    altered = jpeg(stretch(image, contrast=0.9, brightness=5)[::-1].copy(), 70)
    laboratory.add("train", 11, "altered.tif", altered, [[polygon] for polygon in polygons])
    rows = clean(laboratory)
    only(rows, image_id=11, reason="near_copy", kept_image_id=10)
    assert 0.85 <= float(rows[0]["score"]) < 1


@pytest.mark.parametrize(("leaving", "keeping"), [("train", "val"), ("train", "test"), ("val", "test")])
def test_leaks_leave_train_first_and_test_never(laboratory: Laboratory, leaving: str, keeping: str) -> None:
    laboratory.add_dish(leaving, 10, seed=9)
    laboratory.add_dish(keeping, 20, seed=9, annotated=9)
    laboratory.add(
        keeping, 30, "x.tif", stretch(dish(8)[0], brightness=4), [[polygon] for polygon in dish(8)[1]]
    )
    laboratory.add_dish(leaving, 31, seed=8)
    laboratory.add_dish(leaving, 40, seed=7, name="same.tif")
    laboratory.add_dish(keeping, 41, seed=7, name="same.tif")
    rows = clean(laboratory)
    assert [
        (row["split"], row["image_id"], row["reason"], row["kept_split"], row["kept_image_id"])
        for row in rows
    ] == [
        (leaving, "10", "leak_same_pixels", keeping, "20"),
        (leaving, "31", "leak_near_copy", keeping, "30"),
        (leaving, "40", "leak_same_name", keeping, "41"),
    ]


def test_a_group_leaves_one(laboratory: Laboratory) -> None:
    image, polygons = dish(9)
    for split, number in (("train", 10), ("train", 11), ("val", 12), ("test", 13), ("test", 14)):
        laboratory.add_dish(split, number, seed=9)
    laboratory.add(
        "val", 15, "brighter.tif", stretch(image, brightness=7), [[polygon] for polygon in polygons]
    )
    rows = clean(laboratory)
    assert {(row["image_id"], row["reason"]) for row in rows} == {
        ("10", "leak_same_pixels"),
        ("11", "leak_same_pixels"),
        ("12", "leak_same_pixels"),
        ("14", "same_pixels"),
        ("15", "leak_near_copy"),
    }
    assert {(row["kept_split"], row["kept_image_id"]) for row in rows} == {("test", "13")}


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


@pytest.mark.parametrize("second", ["train", "val"])
@pytest.mark.parametrize("change", [0, 1])
def test_frames_of_one_film_may_be_alike(laboratory: Laboratory, second: str, change: int) -> None:
    image, polygons = dish(9)
    for frame, split in enumerate(("train", second)):
        cells = [[polygon] for polygon in polygons]
        laboratory.add(split, 10 + frame, f"film_{frame}.tif", image + np.uint8(change * frame), cells)
        laboratory.splits[split]["images"][-1] |= {"sequence": "film", "frame": frame}
    assert clean(laboratory) == []
    for split in {"train", second}:
        for listed in laboratory.splits[split]["images"]:
            listed.pop("sequence", None)
    assert len(clean(laboratory)) == 1


def test_a_copy_of_a_useless_image_stays(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9)
    laboratory.add_dish("test", 11, seed=9, annotated=0)
    only(clean(laboratory), split="test", image_id=11, reason="no_annotation")


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


SAME_FIELD = {"train": "A172_Phase_C7_1_00d00h00m_2.tif", "val": "A172_Phase_C7_1_00d04h00m_2.tif"}


def test_shared_fields_of_view_are_reported(laboratory: Laboratory) -> None:
    for split, name in SAME_FIELD.items():
        laboratory.add_dish(split, 10, seed=20 + len(split), name=name)
    assert clean(laboratory) == []
    shared = json.loads(laboratory.metrics.read_text())["shared_fields_of_view"]
    assert shared == {"train_val": 1, "train_test": 0, "val_test": 0}


def test_shared_fields_of_view_are_removed_on_request(laboratory: Laboratory) -> None:
    for split, name in SAME_FIELD.items():
        laboratory.add_dish(split, 10, seed=20 + len(split), name=name)
    rows = clean(laboratory, same_field_of_view=True)
    only(rows, split="train", image_id=10, reason="same_field_of_view", kept_split="val", kept_image_id=10)


def plant_everything(laboratory: Laboratory) -> None:
    """Plant one of each defect that a switch turns off."""
    for number, seed in enumerate((10, 11, 12, 13, 13, 14, 14)):
        laboratory.add_dish("train", 10 + number, seed, name="once.tif" if seed == 13 else "")
    mirrored = dish(10)[0][:, ::-1]
    laboratory.add("train", 20, "mirrored.tif", mirrored, [[polygon] for polygon in dish(10)[1]])
    laboratory.add("train", 21, "missing.tif", None, [[dish(10)[1][0]]])
    laboratory.add("train", 22, "tiny.tif", mirrored[:9, :9], [[dish(10)[1][0]]])
    laboratory.add_dish("train", 23, seed=8, annotated=0)
    laboratory.add("train", 24, "crowd.tif", dish(7, 18)[0], [[dish(7, 18)[1][0]]])
    laboratory.add_dish("train", 25, seed=3)
    for bad in ([[1.0, 1.0]], [[1.0, 1.0, 5.0, 5.0, 9.0, 9.0]], [[-9.0, 1.0, -5.0, 5.0, -9.0, 9.0]]):
        laboratory.annotate("train", 10, bad)
    laboratory.annotate("train", 10, [dish(10)[1][0]])
    laboratory.annotate("train", 77, [dish(10)[1][0]])


@pytest.mark.parametrize(
    "check",
    [
        *("missing_file", "unreadable_file", "same_name", "same_pixels", "near_copy", "no_annotation"),
        *(
            "incomplete_annotation",
            "unknown_image",
            "too_few_points",
            "no_area",
            "outside_image",
            "doubled_contour",
        ),
    ],
)
def test_each_check_can_be_switched_off(laboratory: Laboratory, check: str) -> None:
    plant_everything(laboratory)
    reasons = {row["reason"].removeprefix("leak_") for row in clean(laboratory)}
    assert check in reasons
    left = {row["reason"].removeprefix("leak_") for row in clean(laboratory, **{check: False})}
    assert left == reasons - {check}


def test_leaks_can_be_switched_off(laboratory: Laboratory) -> None:
    plant_everything(laboratory)
    reasons = {row["reason"] for row in clean(laboratory)}
    assert "leak_same_pixels" in reasons
    assert {row["reason"] for row in clean(laboratory, leaks=False)} == reasons - {"leak_same_pixels"}


def test_outs_do_not_depend_on_the_processes(
    laboratory: Laboratory, tmp_path: Path, cluster: ComputeSettings
) -> None:
    plant_everything(laboratory)
    clean(laboratory)
    for place, compute in (("processes", ComputeSettings(jobs=2)), ("cluster", cluster)):
        out, metrics = tmp_path / place, tmp_path / f"{place}.json"
        clean_splits(laboratory.sampled, laboratory.images, out, metrics, CleaningSettings(), compute)
        assert metrics.read_bytes() == laboratory.metrics.read_bytes()
        for path in laboratory.out.iterdir():
            assert (out / path.name).read_bytes() == path.read_bytes()


def test_a_check_that_is_off_hides_no_other(laboratory: Laboratory) -> None:
    laboratory.add("train", 10, "gone.tif", None, [])
    only(clean(laboratory, missing_file=False), image_id=10, reason="no_annotation")
