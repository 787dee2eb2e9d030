import numpy as np
import pytest
from numpy.testing import assert_array_equal

from monolayer.training.crops import Crops, crop_window, random_pixel
from monolayer.training.samples import Sample


def numbered(height: int, width: int) -> Sample:
    """Every pixel has its own value, and its label is that value."""
    values = np.arange(1, height * width + 1).reshape(height, width)
    return Sample(values.astype(np.uint8), values.astype(np.uint16))


def crops(samples: list[Sample], **changes: float) -> Crops:
    choices = {"size": 8, "count": 40, "positive_share": 0.5, "seed": 0, "epoch": 0, **changes}
    return Crops(samples, **choices)


def test_image_and_labels_are_cut_and_turned_alike():
    for image, labels in crops([numbered(12, 15)]):
        assert image.shape == labels.shape == (8, 8)
        assert_array_equal(image, labels)
        assert image.dtype == np.uint8
        assert labels.dtype == np.int32


def test_all_eight_orientations_occur():
    seen = crops([numbered(8, 8)], count=60)  # one possible window
    assert len({image.tobytes() for image, _ in seen}) == 8


def test_a_crop_depends_on_seed_epoch_and_index_alone():
    samples = [numbered(12, 15)]
    first, again = crops(samples), crops(samples)
    _ = [again[index] for index in (7, 3)]
    assert_array_equal(first[5][0], again[5][0])
    others = [crops(samples, epoch=1), crops(samples, seed=1)]
    for other in others:
        assert any((first[index][0] != other[index][0]).any() for index in range(5))


def test_small_images_are_reflected():
    image, labels = crops([numbered(3, 4)])[0]
    assert image.shape == (8, 8)
    assert set(np.unique(labels)) <= set(range(1, 13))


@pytest.mark.parametrize(("positive_share", "inside"), [(1.0, 40), (0.0, 0)])
def test_crops_are_centred_on_cells_or_background(positive_share, inside):
    labels = np.zeros((60, 60), dtype=np.uint16)
    labels[20:40, 20:40] = 1
    sample = Sample((labels * 255).astype(np.uint8), labels)
    # A crop of one pixel is its centre.
    centres = [labels[0, 0] for _, labels in crops([sample], size=1, positive_share=positive_share)]
    assert np.sum(centres) == inside


def test_about_the_given_share_is_positive():
    labels = np.zeros((60, 60), dtype=np.uint16)
    labels[:10] = 1
    sample = Sample(labels.astype(np.uint8), labels)
    found = [labels[0, 0] for _, labels in crops([sample], size=1, count=400, positive_share=0.75)]
    assert 0.68 < np.mean(found) < 0.82


def test_every_image_is_used():
    samples = [Sample(np.full((8, 8), n, np.uint8), np.zeros((8, 8), np.uint16)) for n in range(5)]
    assert {int(image[0, 0]) for image, _ in crops(samples, count=60)} == set(range(5))


@pytest.mark.parametrize("value", [0, 1])
def test_an_image_without_the_wanted_kind_gives_any_pixel(value):
    labels = np.full((3, 3), value, dtype=np.uint16)
    row, column = random_pixel(labels, positive=not value, rng=np.random.default_rng(0))
    assert 0 <= row < 3
    assert 0 <= column < 3


@pytest.mark.parametrize("centre", [(0, 0), (9, 14), (5, 7), (0, 14)])
def test_windows_stay_inside(centre):
    for window, at, side in zip(crop_window(centre, (10, 15), 4), centre, (10, 15), strict=True):
        assert 0 <= window.start <= at < window.stop <= side
        assert window.stop - window.start == 4


def test_an_index_beyond_the_epoch():
    with pytest.raises(IndexError):
        crops([numbered(8, 8)], count=2)[2]
