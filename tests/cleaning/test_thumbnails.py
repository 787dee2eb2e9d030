"""Thumbnails: what they keep, and which pairs they spare from being read."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from pictures import field, jpeg, noisy
from skimage import transform

from monolayer.annotations.coco import Image
from monolayer.cleaning.fingerprint import ORIENTATIONS, orient
from monolayer.cleaning.near_copies import link_near_copies
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey
from monolayer.cleaning.thumbnails import may_be_copies, thumbnail
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import write_tiff


def alike(first: np.ndarray, second: np.ndarray, shift: tuple[int, int] = (0, 0)) -> bool:
    return may_be_copies(thumbnail(first), thumbnail(second), ORIENTATIONS[0], shift)


def test_a_pixel_is_the_mean_of_its_area() -> None:
    image = np.zeros((128, 64), np.uint8)
    image[:2] = 100
    image[2, 0] = 200  # of 2 x 2 pixels
    levels, shape = thumbnail(image)
    assert shape == (128, 64)
    assert levels.shape == (64, 32)
    assert levels[:2, :2].tolist() == [[255, 255], [128, 0]]
    assert not levels[2:].any()


def test_a_small_image_is_its_own() -> None:
    image = np.array([[10.0, 11.0, 30.0], [10.0, 20.0, 10.0], [10.0, 10.0, 10.0]], np.float32)
    assert thumbnail(image).levels.tolist() == [[0, 13, 255], [0, 128, 0], [0, 0, 0]]


@pytest.mark.parametrize("image", [np.full((300, 200), 7, np.uint8), np.full((9, 400), 0.5, np.float32)])
def test_one_grey_level_is_like_nothing(image: np.ndarray) -> None:
    assert not thumbnail(image).levels.any()
    assert not alike(image, image)


@pytest.mark.parametrize(
    "copy",
    [
        lambda image: 255 - image,
        lambda image: image[3:, 5:],
        lambda image: np.roll(image, (7, -12), (0, 1)),
        lambda image: noisy(image, 15),
        lambda image: jpeg(image, 40),
        lambda image: transform.resize(image, (150, 225), order=1, preserve_range=True).astype(np.float32),
        lambda image: image.repeat(3, axis=0).repeat(3, axis=1),
        lambda image: image[:, 30:],
    ],
    ids=["inverted", "cropped", "moved", "noisy", "jpeg", "smaller", "larger", "another shape"],
)
def test_copies_may_be_copies(copy) -> None:
    for seed in range(5):
        image = field(seed, 200, 300)
        assert alike(image, copy(image)), seed
        assert alike(copy(image), image), seed


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_turned_copies(orientation: tuple[bool, bool, bool]) -> None:
    way = ORIENTATIONS[ORIENTATIONS.index(orientation)]
    first, turned = thumbnail(orient(field(0), way)), thumbnail(field(0))
    assert may_be_copies(first, turned, way, (0, 0))
    others = [other for other in ORIENTATIONS if other != way]
    assert not any(may_be_copies(first, turned, other, (0, 0)) for other in others)


def test_tiles_lie_where_the_shift_says() -> None:
    whole = field(1, 240, 420)
    left, right = whole[:, :280], whole[:, 140:]
    assert alike(left, right, (0, 140))


def test_different_images_are_none() -> None:
    images = [field(seed) for seed in range(12)] + [field(50, 300, 200)]
    assert not any(alike(first, second) for first, second in combinations(images, 2))


def _survey(folder: Path, number: int, image: np.ndarray) -> Survey:
    listed = Image(number, f"{number}.tif", image.shape[1], image.shape[0])
    path = folder / listed.file_name
    signs = np.ones((16, 16), np.int8)  # so that each is a candidate for each
    return Survey("train", listed, path, bytes([number]), signs, [], [], None, thumbnail=thumbnail(image))


def test_what_is_plainly_different_is_not_read(tmp_path: Path) -> None:
    surveys = [_survey(tmp_path, number, field(number)) for number in range(5)]  # there are no files
    copy = noisy(field(3), 4)
    surveys.append(_survey(tmp_path, 5, copy))
    write_tiff(tmp_path / "3.tif", field(3))
    write_tiff(tmp_path / "5.tif", copy)
    (link,) = link_near_copies(surveys, CleaningSettings(), ComputeSettings(jobs=1))
    assert (link.first, link.second) == (3, 5)
