"""The whole cleaning on tiny images with every defect: each check by itself, and in other processes."""

from pathlib import Path

import pytest
from laboratory import Laboratory, clean, only
from pictures import dish

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings


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
