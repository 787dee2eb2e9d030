"""The whole cleaning on tiny images: of copies within and between the splits, one stays."""

import json

import numpy as np
import pytest
from laboratory import Laboratory, clean, only
from pictures import HEIGHT, WIDTH, circle, dish, field, jpeg, noisy, resized, stretch


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
    assert 0.95 <= float(rows[0]["score"]) < 1


ALTERED = {
    "inverted": lambda image: 255 - image,
    "without its first row and column": lambda image: image[1:, 1:],
    "moved": lambda image: np.pad(image, ((10, 0), (0, 2)), "edge")[:-10, 2:],
    "shrunk": lambda image: resized(image, 0.75),
    "enlarged": lambda image: resized(image, 1.5),
    "noisy": lambda image: noisy(image, 4),
    "inverted, mirrored and compressed": lambda image: jpeg(np.ascontiguousarray(255 - image[:, ::-1]), 70),
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_altered_copies(laboratory: Laboratory, alteration: str) -> None:
    copy = ALTERED[alteration](laboratory.add_dish("train", 10, seed=9))
    laboratory.add("val", 11, "copy.tif", copy, [[circle(30, 30, 9)]])
    laboratory.splits["val"]["images"][-1] |= {"height": copy.shape[0], "width": copy.shape[1]}
    rows = clean(laboratory, incomplete_annotation=False)
    only(rows, split="train", image_id=10, reason="leak_near_copy", kept_split="val", kept_image_id=11)


def test_overlapping_tiles(laboratory: Laboratory) -> None:
    whole = field(0, HEIGHT, 220)
    for number, left in ((10, 0), (11, 60)):
        tile = whole[:, left : left + WIDTH]
        laboratory.add("train", number, f"tile_{left}.tif", tile, [[circle(30, 30, 9)]])
    rows = clean(laboratory, incomplete_annotation=False)
    only(rows, image_id=11, reason="near_copy", kept_image_id=10, score="1.0000")


def test_frames_of_a_recording_that_nobody_declared_stay(laboratory: Laboratory) -> None:
    laboratory.splits = {split: {"images": [], "annotations": []} for split in laboratory.splits}
    for time in range(12):
        image, polygons = drifting(time)
        split = ("train", "train", "val", "test")[time % 4]
        laboratory.add(split, time + 1, f"t{time:03}.tif", image, [[polygon] for polygon in polygons])
    assert clean(laboratory) == []


def drifting(time: int) -> tuple[np.ndarray, list[list[float]]]:
    """Twelve cells, each on a way of its own, over a background that stays."""
    background, cells = field(0, HEIGHT + 40, WIDTH + 40), field(1, 30, 30 * 12)
    image = 128 + (background[:HEIGHT, :WIDTH].astype(np.float64) - 128) / 10
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    ways = np.random.default_rng(2).uniform(0, 2 * np.pi, 12)
    polygons = []
    for number, way in enumerate(ways):
        x = 20 + 36 * (number % 4) + 3 * time * np.cos(way) % 30 - 9
        y = 24 + 36 * (number // 4) + 3 * time * np.sin(way) % 30 - 9
        inside = np.hypot(columns - x, rows - y) < 9
        texture = cells[(rows - int(y))[inside] % 30, (columns - int(x))[inside] % 30 + 30 * number]
        image[inside] = texture
        polygons.append(circle(x, y, 9))
    return noisy(image, 2), polygons


def test_many_copies_of_one_leave_one(laboratory: Laboratory) -> None:
    image, polygons = dish(9)
    for number in range(9):
        split = "val" if number == 8 else "train"
        laboratory.add(
            split, 10 + number, f"copy_{number}.tif", noisy(image, 1 + number), [[p] for p in polygons]
        )
    rows = clean(laboratory)
    assert [(row["image_id"], row["kept_image_id"]) for row in rows] == [
        (f"{n}", "18") for n in range(10, 18)
    ]


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


@pytest.mark.parametrize("second", ["train", "val"])
@pytest.mark.parametrize("change", [0, 1])
def test_frames_of_one_sequence_may_be_alike(laboratory: Laboratory, second: str, change: int) -> None:
    image, polygons = dish(9)
    for frame, split in enumerate(("train", second)):
        cells = [[polygon] for polygon in polygons]
        laboratory.add(split, 10 + frame, f"film_{frame}.tif", image + np.uint8(change * frame), cells)
        laboratory.splits[split]["images"][-1] |= {"sequence": "A1", "frame": frame}
    assert clean(laboratory) == []
    for split in {"train", second}:
        for listed in laboratory.splits[split]["images"]:
            listed.pop("sequence", None)
    assert len(clean(laboratory)) == 1


def test_a_copy_of_a_useless_image_stays(laboratory: Laboratory) -> None:
    laboratory.add_dish("train", 10, seed=9)
    laboratory.add_dish("test", 11, seed=9, annotated=0)
    only(clean(laboratory), split="test", image_id=11, reason="no_annotation")


SAME_FIELD = {"train": "A172_Phase_C7_1_00d00h00m_2.tif", "val": "A172_Phase_C7_1_00d04h00m_2.tif"}


def test_shared_fields_of_view_are_reported(laboratory: Laboratory) -> None:
    for split, name in SAME_FIELD.items():
        laboratory.add_dish(split, 10, seed=20 + len(split), name=name)
    assert clean(laboratory) == []
    shared = json.loads(laboratory.metrics.read_text())["shared_fields_of_view"]
    assert shared == {"train_val": 1, "train_test": None, "val_test": None}
    laboratory.add_dish("test", 10, seed=30, name="A172_Phase_C8_1_00d00h00m_2.tif")
    assert clean(laboratory) == []
    shared = json.loads(laboratory.metrics.read_text())["shared_fields_of_view"]
    assert shared == {"train_val": 1, "train_test": 0, "val_test": 0}


def test_names_that_do_not_tell_the_field_of_view(
    laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clean(laboratory) == []
    shared = json.loads(laboratory.metrics.read_text())["shared_fields_of_view"]
    assert shared == {"train_val": None, "train_test": None, "val_test": None}
    line = (
        "deduplicate: cannot tell which fields of view the splits share: 3 of 3 file names do not say theirs"
    )
    assert line in capsys.readouterr().err


def test_recordings_are_fields_of_view(laboratory: Laboratory) -> None:
    for split, sequence in (("train", "A1"), ("val", "A1"), ("test", "A2")):
        laboratory.splits[split]["images"][0] |= {"sequence": sequence, "frame": len(split)}
    assert clean(laboratory) == []
    shared = json.loads(laboratory.metrics.read_text())["shared_fields_of_view"]
    assert shared == {"train_val": 1, "train_test": 0, "val_test": 0}


def test_shared_fields_of_view_are_removed_on_request(laboratory: Laboratory) -> None:
    for split, name in SAME_FIELD.items():
        laboratory.add_dish(split, 10, seed=20 + len(split), name=name)
    rows = clean(laboratory, same_field_of_view=True)
    only(rows, split="train", image_id=10, reason="same_field_of_view", kept_split="val", kept_image_id=10)
