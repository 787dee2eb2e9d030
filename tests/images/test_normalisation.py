import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from monolayer.errors import InputError
from monolayer.images.normalisation import (
    NormaliseSettings,
    grey_histogram,
    known_before_the_image,
    offset_and_scale,
)
from monolayer.parameters import validate


@pytest.fixture
def images() -> np.ndarray:
    """Three images of different grey levels, uint8 [3, 30, 40]."""
    rng = np.random.default_rng(0)
    return np.stack([rng.normal(mean, sd, (30, 40)) for mean, sd in ((90, 5), (128, 10), (160, 30))]).astype(
        np.uint8
    )


@pytest.fixture
def histograms(images) -> np.ndarray:
    return np.stack([grey_histogram(image) for image in images])


def test_a_histogram_counts_every_level():
    histogram = grey_histogram(np.array([[0, 255], [255, 7]], dtype=np.uint8))
    assert histogram.shape == (256,)
    assert histogram[[0, 7, 255]].tolist() == [1, 1, 2]
    assert histogram.sum() == 4


@pytest.fixture
def deep(images) -> np.ndarray:
    """The same with parts of grey levels, float32 [3, 30, 40], to whole 64ths."""
    parts = np.random.default_rng(1).integers(0, 64, images.shape) / 64
    return np.minimum(images + parts, 255).astype(np.float32)


def test_a_histogram_of_parts_of_grey_levels(deep):
    for image in deep:
        levels, counts = np.unique(np.floor(image * 16), return_counts=True)
        histogram = grey_histogram(image)
        assert histogram.shape == (256 * 16,)
        assert_array_equal(histogram[levels.astype(int)], counts)
        assert histogram.sum() == image.size


def test_a_large_image_is_counted_in_parts(images):
    tall = np.tile(images[0], (400, 2))
    assert_array_equal(grey_histogram(tall), 800 * grey_histogram(images[0]))


def test_whole_levels_among_parts(images, histograms):
    fine = np.stack([grey_histogram(image, fine=True) for image in images])
    assert_array_equal(fine[:, ::16], histograms)
    assert fine.sum() == histograms.sum()
    for method in ("min-max", "percentile"):
        settings = NormaliseSettings(method=method)
        assert_array_equal(offset_and_scale(fine, settings), offset_and_scale(histograms, settings))


@pytest.mark.parametrize(("low", "high"), [(0, 100), (1, 99)])
def test_percentiles_of_parts_are_numpys(deep, low, high):
    settings = NormaliseSettings(method="percentile", low=low, high=high)
    levels = offset_and_scale(np.stack([grey_histogram(image) for image in deep]), settings)
    for image, (offset, scale) in zip(deep, levels, strict=True):
        below, above = np.percentile(image, [low, high], method="inverted_cdf")
        assert_allclose([offset, offset + scale], [below, above], atol=1 / 16)


def test_data_set_statistics_of_parts(deep):
    histograms = np.stack([grey_histogram(image) for image in deep])
    known = known_before_the_image(NormaliseSettings(method="dataset"), histograms)
    assert_allclose([known.mean, known.scale], [deep.mean(), deep.std()], atol=1 / 16)


def test_fixed_numbers(histograms):
    assert_array_equal(offset_and_scale(histograms, NormaliseSettings(mean=100, scale=4)), [[100, 4]] * 3)


def test_min_max_brings_every_image_to_0_and_1(images, histograms):
    levels = offset_and_scale(histograms, NormaliseSettings(method="min-max"))
    for image, (offset, scale) in zip(images, levels, strict=True):
        normalised = (image - offset) / scale
        assert (normalised.min(), normalised.max()) == (0, 1)


@pytest.mark.parametrize(("low", "high"), [(1, 99), (0, 100), (12.5, 50)])
def test_percentiles_are_numpys(images, histograms, low, high):
    levels = offset_and_scale(histograms, NormaliseSettings(method="percentile", low=low, high=high))
    for image, (offset, scale) in zip(images, levels, strict=True):
        below, above = np.percentile(image, [low, high], method="inverted_cdf").astype(int)
        assert (offset, scale) == (below, above - below)


def test_data_set_statistics_are_those_of_all_pixels(images, histograms):
    known = known_before_the_image(NormaliseSettings(method="dataset"), histograms)
    assert known.method == "fixed"
    assert_allclose([known.mean, known.scale], [images.mean(), images.std()])


def test_imagenet_statistics_are_the_means_of_its_channels(histograms):
    known = known_before_the_image(NormaliseSettings(method="imagenet"), histograms)
    channels = 255 * np.mean([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], axis=1)
    assert known.method == "fixed"
    assert_allclose([known.mean, known.scale], channels, atol=0.1)


@pytest.mark.parametrize("method", ["fixed", "min-max", "percentile"])
def test_other_methods_wait_for_the_image(histograms, method):
    settings = NormaliseSettings(method=method)
    assert known_before_the_image(settings, histograms) == settings


@pytest.mark.parametrize("method", ["min-max", "percentile", "dataset"])
def test_flat_images_have_a_scale(method):
    flat = grey_histogram(np.full((5, 5), 77, np.uint8))[None]
    known = known_before_the_image(NormaliseSettings(method=method), flat)
    assert_array_equal(offset_and_scale(flat, known), [[77, 1]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "z-score"}, "method: .*'fixed', 'min-max', 'percentile', 'dataset' or 'imagenet'"),
        ({"low": 50, "high": 50}, "low must be less than high"),
        ({"scale": 0}, "scale: .*greater than 0"),
    ],
)
def test_what_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        validate(values, "models.m.normalise", NormaliseSettings)
