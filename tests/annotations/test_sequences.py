"""Images as frames of recordings."""

import msgspec
import numpy as np
import pytest

from monolayer.annotations.coco import Image, PlaceInTime, group_of, place_in_time
from monolayer.annotations.sequences import Subsequences, in_time
from monolayer.errors import InputError


def livecell(number: int, time: str, crop: int = 1) -> Image:
    return Image(number, f"BV2_Phase_A4_1_{time}_{crop}.tif", 40, 30)


TIMES = [("01d04h00m", 1), ("00d00h00m", 1), ("01d00h00m", 1), ("00d00h00m", 2)]
IMAGES = [livecell(number, *time) for number, time in enumerate(TIMES)]


def test_recordings_of_livecells_file_names():
    assert [image.id for image in in_time(IMAGES)] == [1, 2, 0, 3]
    assert place_in_time(IMAGES[3]) == PlaceInTime("BV2_A4_1_2", 0)


def test_what_an_image_says_itself_goes_before_its_name():
    image = Image(1, "BV2_Phase_A4_1_00d00h00m_1.tif", 40, 30, sequence="A1", frame=7)
    assert place_in_time(image) == PlaceInTime("A1", 7)


def test_groups_are_named_by_the_data_set_or_the_recording_or_the_well():
    named = Image(1, "BV2_Phase_A4_1_00d00h00m_1.tif", 40, 30, sequence="movie", frame=7, group="slide")
    assert group_of(named) == "slide"
    assert group_of(msgspec.structs.replace(named, group="")) == "movie"
    assert {group_of(image) for image in IMAGES} == {"BV2_A4"}  # all locations, times and crops of a well
    assert group_of(Image(1, "A172_Phase_A4_1_00d00h00m_1.tif", 40, 30)) == "A172_A4"
    assert group_of(Image(1, "a/nuclei.png", 40, 30)) == "a/nuclei.png"


def test_images_of_no_group_are_written_as_before():
    assert msgspec.json.encode(IMAGES[1]) == (
        b'{"id":1,"file_name":"BV2_Phase_A4_1_00d00h00m_1.tif","width":40,"height":30}'
    )


def test_subsequences_at_the_ends_of_a_recording():
    subsequences = Subsequences([livecell(number, f"{number:02d}d00h00m") for number in range(5)], frames=3)
    images, before = np.array([0, 0, 2, 4, 4]), np.array([0, 2, 1, 0, 2])
    assert subsequences.around(images, before).tolist() == [
        [0, 1, 2],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
        [2, 3, 4],
    ]


def test_short_recordings_go_forth_and_back():
    subsequences = Subsequences(IMAGES, frames=7)
    assert subsequences.around(np.array([2]), np.array([3])).tolist() == [[1, 2, 0, 0, 2, 1, 1]]
    assert subsequences.around(np.array([3]), np.array([0])).tolist() == [[3] * 7]


def test_the_frames_before_an_image():
    subsequences = Subsequences(IMAGES, frames=2)
    assert [subsequences.until(number).tolist() for number in range(4)] == [[2, 0], [1], [1, 2], [3]]


def test_frames_of_different_sizes():
    images = [*IMAGES[:2], Image(2, "BV2_Phase_A4_1_03d00h00m_1.tif", 41, 30)]
    with pytest.raises(InputError, match=r"00d00h00m_1\.tif is 40 x 30 pixels, .* 41 x 30: cut them"):
        Subsequences(images, frames=2)
    assert Subsequences(images, frames=1).until(2).tolist() == [2]
