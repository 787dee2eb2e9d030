"""Sampling: without replacement, by cell type, stable."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from monolayer.annotations.coco import Annotation, Coco, Image, cell_type_of, read_coco, write_coco
from monolayer.annotations.sampling import SampleSettings, sample_images, sample_split

TYPES = {"A172": 40, "BV2": 20, "SkBr3": 3}


@pytest.fixture
def coco() -> Coco:
    images = [
        Image(
            id=1000 * turn + number, file_name=f"{name}_Phase_C7_1_00d00h00m_{number}.tif", width=8, height=8
        )
        for turn, (name, count) in enumerate(TYPES.items())
        for number in range(count)
    ]
    box = msgspec.Raw(b"[0, 0, 1, 1]")
    polygon = msgspec.Raw(b"[[0, 0, 1, 0, 1, 1]]")
    annotations = [Annotation(i, image.id, polygon, 1.0, box) for i, image in enumerate(images * 2)]
    return Coco(images, annotations)


def ids(images: list[Image]) -> list[int]:
    return [image.id for image in images]


def test_each_cell_type_keeps_its_share_rounded_up(coco):
    sampled = sample_images(coco.images, fraction=0.1, seed=3)
    assert Counter(map(cell_type_of, sampled)) == {"A172": 4, "BV2": 2, "SkBr3": 1}


def test_a_share_that_floats_cannot_hold_is_not_rounded_up_by_accident():
    assert 0.07 * 100 > 7
    hundred = [Image(i, f"BV2_Phase_C7_1_00d00h00m_{i}.tif", 8, 8) for i in range(100)]
    assert len(sample_images(hundred, fraction=0.07)) == 7


def test_a_number_is_shared_in_proportion(coco):
    sampled = sample_images(coco.images, number=21, seed=3)
    counts = Counter(map(cell_type_of, sampled))
    assert sum(counts.values()) == 21
    assert abs(counts["A172"] - 21 * 40 / 63) <= 1
    assert abs(counts["BV2"] - 21 * 20 / 63) <= 1
    assert counts["SkBr3"] >= 1


def test_nothing_is_drawn_twice_and_the_order_stays(coco):
    sampled = ids(sample_images(coco.images, fraction=0.6, seed=1))
    assert len(set(sampled)) == len(sampled)
    assert sampled == [i for i in ids(coco.images) if i in set(sampled)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_larger_subset_contains_the_smaller_one(coco, seed):
    previous: set[int] = set()
    for fraction in (0.02, 0.1, 0.25, 0.5, 1.0):
        current = set(ids(sample_images(coco.images, fraction=fraction, seed=seed)))
        assert previous <= current
        previous = current
    previous = set()
    for number in (1, 5, 30, 63):
        current = set(ids(sample_images(coco.images, number=number, seed=seed)))
        assert previous <= current
        assert len(current) == number
        previous = current


def test_the_seed_decides(coco):
    assert ids(sample_images(coco.images, fraction=0.5, seed=1)) == ids(
        sample_images(coco.images, fraction=0.5, seed=1)
    )
    assert ids(sample_images(coco.images, fraction=0.5, seed=1)) != ids(
        sample_images(coco.images, fraction=0.5, seed=2)
    )


def through_a_file(coco: Coco, folder: Path, fraction: float) -> Coco:
    write_coco(folder / "all.json", coco)
    sample_split(folder / "all.json", folder / "sampled.json", SampleSettings(fraction=fraction))
    return read_coco(folder / "sampled.json")


def test_annotations_go_with_their_images(coco, tmp_path):
    sampled = through_a_file(coco, tmp_path, 0.1)
    assert sampled.images == sample_images(coco.images, fraction=0.1)
    assert Counter(a.image_id for a in sampled.annotations) == dict.fromkeys(ids(sampled.images), 2)


def test_everything_stays_at_one(coco, tmp_path):
    assert through_a_file(coco, tmp_path, 1.0) == coco
    assert (tmp_path / "sampled.json").read_bytes() == (tmp_path / "all.json").read_bytes()


def test_annotations_of_unlisted_images_are_left_to_the_cleaning(coco, tmp_path):
    stray = msgspec.structs.replace(coco.annotations[0], id=9999, image_id=77777)
    coco.annotations.append(stray)
    assert stray in through_a_file(coco, tmp_path, 0.1).annotations


def test_more_than_there_are_keeps_all(coco):
    assert len(sample_images(coco.images, number=500)) == 63
