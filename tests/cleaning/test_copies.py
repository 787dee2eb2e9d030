"""Groups of copies, and which of them stays."""

from pathlib import Path

import pytest
from msgspec import structs

from monolayer.annotations.coco import Image
from monolayer.cleaning.contours import Fault
from monolayer.cleaning.copies import (
    Link,
    group,
    in_groups,
    link_equal,
    of_one_sequence,
    remove_equal,
    remove_near_copies,
    renewed,
)
from monolayer.cleaning.fingerprint import NO_SIGNS
from monolayer.cleaning.survey import Survey


def survey(split: str, image_id: int, name: str = "a.tif", pixels: bytes = b"a", cells: int = 5) -> Survey:
    image = Image(image_id, name, 8, 8)
    return Survey(split, image, Path(name), pixels, NO_SIGNS, list(range(cells)), [], None)


def test_links_join_groups() -> None:
    links = [Link(0, 2, 1.0), Link(5, 6, 1.0), Link(2, 4, 1.0), Link(0, 4, 1.0)]
    assert group(8, links) == [[0, 2, 4], [5, 6]]
    assert group(3, []) == group(0, []) == []


def test_equal_keys_are_linked_to_the_first() -> None:
    assert link_equal([1, 2, 1, 1, 2]) == [Link(0, 2, 1.0), Link(0, 3, 1.0), Link(1, 4, 1.0)]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (survey("train", 1, cells=9), survey("val", 2), 2),
        (survey("val", 1, cells=9), survey("test", 2), 2),
        (survey("test", 1), survey("train", 2, cells=9), 1),
        (survey("test", 1), survey("test", 2, cells=9), 2),
        (survey("train", 2), survey("train", 1), 1),
        (survey("train", 1)._replace(faults=[Fault(0, "no_area")]), survey("train", 2), 2),
    ],
)
def test_which_stays(first: Survey, second: Survey, kept: int) -> None:
    (removal,) = remove_equal([first, second], [Link(0, 1, 0.9)])
    assert removal.kept_image_id == kept
    assert removal.image_id == 3 - kept


def frame(split: str, number: int, sequence: str = "a", pixels: bytes = b"a") -> Survey:
    own = survey(split, number, f"{sequence}/{number}.tif", pixels)
    return own._replace(image=structs.replace(own.image, sequence=sequence, frame=number))


@pytest.mark.parametrize(
    ("second", "one_sequence"),
    [(frame("val", 2), True), (frame("train", 1), False), (frame("train", 2, "b"), False)],
)
def test_what_is_one_sequence(second: Survey, one_sequence: bool) -> None:
    assert of_one_sequence(frame("train", 1), second) == one_sequence
    assert not of_one_sequence(survey("train", 1), survey("train", 2))


def test_frames_of_the_sequence_that_stays_stay() -> None:
    surveys = [frame("test", 1), frame("test", 2), survey("train", 3)]
    (removal,) = remove_equal(surveys, [Link(0, 1, 1.0), Link(0, 2, 1.0)])
    assert (removal.image_id, removal.kept_image_id) == (3, 1)


def test_every_frame_that_is_kept_elsewhere_goes() -> None:
    surveys = [frame("train", 1), frame("train", 2), survey("test", 3)]
    removals = remove_equal(surveys, [Link(0, 1, 1.0), Link(0, 2, 1.0)])
    assert [(removal.image_id, removal.kept_image_id) for removal in removals] == [(1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (survey("train", 2), "same_name"),
        (survey("train", 2, name="b.tif"), "same_pixels"),
        (survey("train", 2, name="b.tif", pixels=b"b"), "near_copy"),
        (survey("val", 2), "leak_same_name"),
        (survey("val", 2, name="b.tif"), "leak_same_pixels"),
        (survey("val", 2, pixels=b"b"), "leak_near_copy"),
    ],
)
def test_reasons(second: Survey, reason: str) -> None:
    (removal,) = remove_near_copies([survey("train", 1), second], [Link(0, 1, 0.9)])
    assert (removal.reason, removal.score) == (reason, 0.9)


def chain(count: int) -> list[Survey]:
    return [survey("train", number, f"t{number:03}.tif", b"%d" % number) for number in range(1, count + 1)]


def test_a_chain_does_not_collapse_into_one() -> None:
    links = [Link(0, 1, 0.97), Link(1, 2, 0.98), Link(2, 3, 0.96)]
    removals = remove_near_copies(chain(4), links)
    assert [(removal.image_id, removal.kept_image_id, removal.score) for removal in removals] == [
        (2, 1, 0.97),
        (4, 3, 0.96),
    ]


def test_of_several_that_stay_the_most_alike_is_named() -> None:
    (removal,) = remove_near_copies(chain(3), [Link(0, 2, 0.96), Link(2, 1, 0.99)])
    assert (removal.image_id, removal.kept_image_id, removal.score) == (3, 2, 0.99)


def test_a_copy_of_a_removed_image_is_one_of_what_stays() -> None:
    listed = [survey("train", 1), survey("val", 2, name="b.tif"), survey("test", 3, "c.tif", b"c")]
    equal = remove_equal(listed, [Link(0, 1, 1.0)])
    near = remove_near_copies([listed[2], listed[1]], [Link(0, 1, 0.97)])
    removals = in_groups(renewed(equal, listed, near) + near, listed)
    assert [(row.image_id, row.reason, row.kept_image_id, row.score) for row in removals] == [
        (1, "leak_near_copy", 3, 0.97),
        (2, "leak_near_copy", 3, 0.97),
    ]


def test_a_frame_stays_where_its_copy_goes_for_another_frame() -> None:
    listed = [frame("train", 1), survey("val", 2, name="b.tif"), frame("test", 3, pixels=b"c")]
    equal = remove_equal(listed, [Link(0, 1, 1.0)])
    near = remove_near_copies([listed[2], listed[1]], [Link(0, 1, 0.97)])
    assert [removal.image_id for removal in equal] == [1]
    assert renewed(equal, listed, near) == []


def test_removals_are_ordered_by_group() -> None:
    listed = chain(6)
    near = remove_near_copies(listed, [Link(1, 5, 1.0), Link(0, 2, 1.0), Link(1, 3, 1.0), Link(0, 4, 1.0)])
    assert [removal.image_id for removal in in_groups(near, listed)] == [3, 5, 4, 6]
