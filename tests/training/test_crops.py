import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from tiny_project import Sample, packed_of

from monolayer.images.normalisation import NormaliseSettings
from monolayer.training.crops import Crops
from monolayer.training.settings import CropSettings


def numbered(height: int, width: int, first: int = 1) -> Sample:
    """Every pixel has its own label; the grey level is its lowest byte."""
    labels = np.arange(first, first + height * width).reshape(height, width)
    return Sample(labels.astype(np.uint8), labels.astype(np.uint16))


def half(height: int, width: int) -> Sample:
    """The upper half is a cell."""
    labels = np.zeros((height, width), np.uint16)
    labels[: height // 2] = 1
    return Sample(labels.astype(np.uint8), labels)


def crops(
    *samples: Sample, size: int = 8, count: int = 400, seed: int = 0, step: int = 0, **settings: float
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of so many crops, [count, size, size]."""
    source = Crops(packed_of(*samples), size, count, CropSettings(**settings), NormaliseSettings(), seed)
    batch = source.batch(step)
    return batch.images.numpy(), batch.labels.numpy()


def orientations(image: np.ndarray) -> set[bytes]:
    turned = [np.rot90(image, turns) for turns in range(4)]
    return {np.ascontiguousarray(one).tobytes() for t in turned for one in (t, t[:, ::-1])}


def test_images_and_labels_are_cut_alike():
    images, labels = crops(numbered(12, 15), numbered(20, 9, first=60_000))
    assert images.shape == labels.shape == (400, 8, 8)
    assert images.dtype == np.float32
    assert labels.dtype == np.int32
    assert_array_equal(images, labels % 256)
    assert labels.max() > 2**15  # labels beyond int16


def test_every_crop_is_a_window_of_an_image_in_one_of_eight_orientations():
    samples = numbered(12, 15), numbered(20, 9, first=200)
    windows: set[bytes] = set()
    for image in (sample.labels.astype(np.int32) for sample in samples):
        for window in np.lib.stride_tricks.sliding_window_view(image, (8, 8)).reshape(-1, 8, 8):
            windows |= orientations(window)
    _, labels = crops(*samples)
    assert {crop.tobytes() for crop in labels} <= windows


def test_all_eight_orientations_occur():
    sample = numbered(8, 8)  # one possible window
    _, labels = crops(sample)
    assert {crop.tobytes() for crop in labels} == orientations(sample.labels.astype(np.int32))


def test_a_batch_depends_on_seed_and_step_alone():
    samples = numbered(12, 15), numbered(20, 9)
    source = Crops(packed_of(*samples), 8, 4, CropSettings(), NormaliseSettings(), seed=0)
    fifth = source.batch(5).labels.numpy()
    source.batch(2)
    assert_array_equal(source.batch(5).labels.numpy(), fifth)
    for other in (crops(*samples, step=1), crops(*samples, seed=1)):
        assert (other[1] != crops(*samples)[1]).any()


def test_small_images_are_reflected():
    sample = numbered(3, 4)
    padded = np.pad(sample.image, [(0, 5), (0, 4)], mode="symmetric").astype(np.float32)
    images, _ = crops(sample)
    assert {crop.tobytes() for crop in images} == orientations(padded)


def test_mirror_images_of_cells_are_cells_of_their_own():
    images, labels = crops(numbered(3, 4), turns=False)
    image, own = images[0], labels[0]  # without turns all crops of so small an image are the same
    assert_array_equal(own[:3, :4], image[:3, :4])
    assert len(np.unique(own)) == own.size  # where pixels are cells, no two are of one cell


def touching(shape: tuple[int, int] = (30, 34)) -> Sample:
    """A cell that an edge of the image cuts, and one near a corner."""
    rows, columns = np.indices(shape)
    labels = ((rows - 2) ** 2 + (columns - 18) ** 2 < 6**2).astype(np.uint16)
    labels[(rows - 25) ** 2 + (columns - 5) ** 2 < 4**2] = 9
    return Sample((100 * (labels > 0)).astype(np.uint8), labels)


@pytest.mark.parametrize("settings", [{}, {"rotate": 180.0}, {"scale": 0.6}, {"rotate": 30.0, "scale": 0.3}])
def test_a_cell_has_all_its_pixels_in_one_place_also_where_crops_reach_beyond_the_image(settings):
    images, labels = crops(touching(), size=64, count=60, **settings)
    twins = 0
    for image, own in zip(images, labels, strict=True):
        for cell in np.unique(own[own > 0]):
            assert ndimage.label(own == cell, np.ones((3, 3)))[1] == 1
        assert ((own > 0) == (image > 50)).mean() > 0.99  # none is lost
        places = ndimage.label(own > 0, np.ones((3, 3)))[1]
        twins += len(np.unique(own[own > 0])) - places
    assert twins > 60  # the mirror images of the cut one touch it


def test_a_cell_that_the_images_edge_cuts_ends_there():
    _, labels = crops(touching(), size=64, count=1, turns=False)
    upper = np.pad(touching().labels, [(0, 34), (0, 30)], mode="symmetric")
    assert_array_equal(labels[0, :30, :34], upper[:30, :34])
    assert_array_equal(labels[0] > 0, upper > 0)
    # Two cells in an image and three mirror images, and the first again in the rows from 60 on.
    assert len(np.unique(labels[0][labels[0] > 0])) == 10


def test_labels_stay_those_of_the_image_where_the_crop_lies_within_it():
    _, labels = crops(numbered(60, 70), size=16, rotate=20.0, scale=0.2)
    inside = (labels <= 60 * 70).all(axis=(1, 2))
    assert 0.3 < inside.mean() < 1
    assert labels.min() > 0


@pytest.mark.parametrize(("positive_fraction", "inside"), [(1.0, 400), (0.0, 0)])
def test_crops_are_centred_on_cells_or_background(positive_fraction, inside):
    # A crop of one pixel is its centre.
    _, labels = crops(half(60, 50), half(30, 70), size=1, positive_fraction=positive_fraction)
    assert (labels > 0).sum() == inside


def test_about_the_given_share_is_positive():
    _, labels = crops(half(60, 50), half(30, 70), size=1, positive_fraction=0.75)
    assert 0.68 < (labels > 0).mean() < 0.82


def test_the_others_may_be_anywhere():
    # Cells cover the upper half, so half of the crops that are not made positive are positive all the same.
    _, labels = crops(
        half(60, 50), half(30, 70), size=1, positive_fraction=0.4, others="anywhere", count=4000
    )
    assert 0.67 < (labels > 0).mean() < 0.73
    ragged = numbered(6, 10)
    ragged.labels[1, 3:] = 0
    images, _ = crops(ragged, size=1, positive_fraction=0, others="anywhere", count=60_000)
    counts = np.unique(images, return_counts=True)[1]
    assert len(counts) == 60
    assert counts.min() > 850
    assert counts.max() < 1150


def test_published_crops_show_a_cell():
    # A shift of half the size: any crop with the chosen pixel in it.
    _, labels = crops(disc(), size=16, positive_fraction=0.7, shift=8, others="anywhere", count=2000)
    shown = (labels > 0).any(axis=(1, 2)).mean()
    anywhere = (crops(disc(), size=16, positive_fraction=0, others="anywhere", count=2000)[1] > 0).any(
        axis=(1, 2)
    )
    assert shown == pytest.approx(0.7 + 0.3 * anywhere.mean(), abs=0.04)


def test_every_crop_knows_the_levels_of_its_image():
    dark, bright = (
        Sample(np.full((9, 9), level, np.uint8), np.zeros((9, 9), np.uint16)) for level in (10, 200)
    )
    bright.image[0, 0] = 240
    settings = NormaliseSettings(method="min-max")
    batch = Crops(packed_of(dark, bright), 4, 50, CropSettings(), settings, seed=0).batch(0)
    expected = [[10, 1] if image.max() == 10 else [200, 40] for image in batch.images]
    assert_array_equal(batch.levels, expected)
    assert len({tuple(pair) for pair in expected}) == 2


def test_centres_are_uniform_over_the_pixels_of_their_kind():
    ragged = numbered(6, 10)
    ragged.labels[1, 3:] = 0
    ragged.labels[4, :9] = 0
    _, labels = crops(ragged, size=1, positive_fraction=1.0, count=44_000)
    values, counts = np.unique(labels, return_counts=True)
    assert_array_equal(values, ragged.labels[ragged.labels > 0])
    assert counts.min() > 850  # 1000 expected, with a standard deviation of 31
    assert counts.max() < 1150


@pytest.mark.parametrize("value", [0, 1])
def test_an_image_without_the_wanted_kind_gives_any_pixel(value):
    flat = Sample(np.arange(12, dtype=np.uint8).reshape(3, 4), np.full((3, 4), value, np.uint16))
    images, labels = crops(flat, size=1, positive_fraction=1 - value)
    assert set(images.ravel()) == set(range(12))
    assert set(labels.ravel()) == {value}


def test_every_image_is_used():
    samples = [Sample(np.full((8, 8), n, np.uint8), np.zeros((8, 8), np.uint16)) for n in range(5)]
    assert set(crops(*samples)[0].ravel()) == set(range(5))


def test_images_that_are_not_wholly_annotated_are_left_out():
    samples = [Sample(np.full((8, 8), n, np.uint8), np.zeros((8, 8), np.uint16)) for n in range(5)]
    packed = packed_of(*samples)
    packed.images[1].truth, packed.images[4].truth = "none", "partial"
    batch = Crops(packed, 4, 400, CropSettings(), NormaliseSettings(), seed=0).batch(0)
    assert set(batch.images.numpy().ravel()) == {0, 2, 3}


def test_without_turns_crops_stay_upright():
    sample = numbered(12, 15)
    windows = np.lib.stride_tricks.sliding_window_view(sample.labels.astype(np.int32), (8, 8))
    _, labels = crops(sample, turns=False)
    assert {crop.tobytes() for crop in labels} <= {crop.tobytes() for crop in windows.reshape(-1, 8, 8)}


def test_centres_are_shifted():
    dot = Sample(np.zeros((41, 41), np.uint8), np.zeros((41, 41), np.uint16))
    dot.labels[20, 20] = 1
    _, labels = crops(dot, size=9, positive_fraction=1.0, shift=3, turns=False)
    _, rows, columns = np.nonzero(labels)
    assert len(rows) == 400  # never beyond the crop
    assert set(rows) == set(columns) == set(range(1, 8))


def disc(side: int = 81, radius: float = 12.0) -> Sample:
    rows, columns = np.indices((side, side)) - side // 2
    labels = (rows**2 + columns**2 < radius**2).astype(np.uint16)
    return Sample((100 * labels).astype(np.uint8), labels)


def test_scaled_crops_show_cells_of_other_sizes():
    centre = disc()
    centre.labels[:] *= 0
    centre.labels[40, 40] = 1  # every crop is about the disc's centre
    images, _ = crops(centre, size=61, positive_fraction=1.0, scale=0.5)
    radius = np.sqrt((images > 50).sum(axis=(1, 2)) / np.pi)
    assert 7.9 < radius.min() < 9
    assert 16 < radius.max() < 18.2


def test_rotation_turns_image_and_labels_alike():
    rows, columns = np.indices((81, 81)) - 40
    bar = ((np.abs(rows) < 4) & (np.abs(columns) < 25)).astype(np.uint16)
    images, labels = crops(Sample((100 * bar).astype(np.uint8), bar), size=33, rotate=180.0, turns=False)
    agreement = (images > 50) == (labels > 0)
    assert agreement.mean() > 0.995
    slopes = [np.polyfit(*np.nonzero(crop), 1)[0] for crop in labels if crop.sum() > 60]
    assert min(slopes) < -1
    assert max(slopes) > 1
