"""Checks of outlines."""

import numpy as np
import pytest
from pictures import LIVECELL_MINI, NO_LIVECELL_MINI, circle, real_annotations
from pycocotools import mask as rle_masks

from monolayer.annotations.rasterise import draw
from monolayer.cleaning.contours import Fault, check_contours, doubled_contours, shape_fault
from monolayer.cleaning.settings import CleaningSettings

SQUARE = [[2.0, 2.0, 6.0, 2.0, 6.0, 6.0, 2.0, 6.0]]


def check(segmentations: list, ids: list[int] | None = None, **settings: bool) -> list[Fault]:
    return check_contours(
        segmentations, ids or list(range(len(segmentations))), 40, 60, CleaningSettings(**settings)
    )[0]


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        (SQUARE, None),
        ([[1.0, 1.0, 9.0, 1.0]], "too_few_points"),
        ([[1.0, 1.0, 9.0, 1.0, 5.0]], "too_few_points"),
        ([[]], "too_few_points"),
        ([], "too_few_points"),
        ([[1.0, 1.0], *SQUARE], None),
        ([[1.0, 1.0, 5.0, 5.0, 9.0, 9.0]], "no_area"),
        ([[5.1, 5.1, 5.3, 5.1, 5.3, 5.3]], "no_area"),
        ([[70.0, 2.0, 80.0, 2.0, 80.0, 9.0]], "outside_image"),
        ([[2.0, -9.0, 8.0, -9.0, 8.0, -1.0]], "outside_image"),
        ([[55.0, 2.0, 80.0, 2.0, 80.0, 20.0, 55.0, 20.0]], None),
        ({"size": [40, 60], "counts": [2400]}, "no_area"),
        ({"size": [40, 60], "counts": [10, 5, 2385]}, None),
    ],
)
def test_shapes(segmentation: list, reason: str | None) -> None:
    area = int(draw([segmentation], 40, 60).areas(1)[0])
    assert shape_fault(segmentation, area, 40, 60) == reason
    assert check([segmentation]) == ([Fault(0, reason)] if reason else [])


def test_of_doubles_the_smaller_id_stays() -> None:
    cell, again = [circle(20, 20, 9)], [circle(20.5, 20, 9)]
    (fault,) = check([again, cell, [circle(40, 20, 9)]], ids=[7, 3, 5])
    assert fault.position == 0
    assert fault.reason == "doubled_contour"
    assert fault.score == pytest.approx(0.93, abs=0.02)


def test_overlapping_neighbours_are_two_cells() -> None:
    assert check([[circle(20, 20, 9)], [circle(24, 20, 9)]]) == []


def test_a_chain_of_doubles_keeps_its_ends() -> None:
    chain = draw([[circle(20 + shift, 20, 9)] for shift in (0, 1.5, 3)], 40, 60)
    assert list(doubled_contours(chain, [0, 1, 2], 40, 0.75)) == [1]
    assert list(doubled_contours(chain, [1, 0, 2], 40, 0.75)) == [0, 2]


def test_three_alike_leave_the_smallest_id() -> None:
    assert list(doubled_contours(draw([SQUARE] * 3, 40, 60), [5, 3, 4], 40, 0.75)) == [2, 0]


def test_faulty_outlines_have_no_doubles() -> None:
    line = [[1.0, 1.0, 5.0, 5.0, 9.0, 9.0]]
    assert [fault.reason for fault in check([line, line])] == ["no_area", "no_area"]


@pytest.mark.parametrize("reason", ["too_few_points", "no_area", "outside_image", "doubled_contour"])
def test_each_check_can_be_switched_off(reason: str) -> None:
    bad = [
        [[1.0, 1.0]],
        [[1.0, 1.0, 5.0, 5.0, 9.0, 9.0]],
        [[70.0, 2.0, 80.0, 2.0, 80.0, 9.0]],
        SQUARE,
        SQUARE,
    ]
    found = {fault.reason for fault in check(bad)}
    assert found == {"too_few_points", "no_area", "outside_image", "doubled_contour"}
    assert {fault.reason for fault in check(bad, **{reason: False})} == found - {reason}


def test_the_sound_ones_come_back() -> None:
    _, sound = check_contours([SQUARE, [[1.0, 1.0]], SQUARE], [1, 2, 3], 40, 60, CleaningSettings())
    assert sound.areas(3).tolist() == [16, 0, 0]


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason=NO_LIVECELL_MINI)
def test_real_outlines_are_sound() -> None:
    for name, segmentations in real_annotations().items():
        ids = list(range(len(segmentations)))
        assert check_contours(segmentations, ids, 520, 704, CleaningSettings())[0] == [], name


def test_doubles_against_the_whole_table() -> None:
    rng = np.random.default_rng(0)
    circles = [circle(*rng.uniform(5, 35, 2), rng.uniform(3, 9)) for _ in range(120)]
    rles = rle_masks.frPyObjects(circles, 40, 60)
    runs = draw([[outline] for outline in circles], 40, 60)
    table = np.tril(rle_masks.iou(rles, rles, [0] * len(rles)), k=-1)
    for threshold in (0.1, 0.5, 0.8):
        expected: dict[int, float] = {}
        for later, earlier in np.argwhere(table >= threshold).tolist():
            if later not in expected and earlier not in expected:
                expected[later] = table[later, earlier]
        assert expected
        assert doubled_contours(runs, list(range(120)), 40, threshold) == expected
