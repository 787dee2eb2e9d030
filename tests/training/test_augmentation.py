import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter

from monolayer.training.augmentation import blurred, vary_grey_levels
from monolayer.training.settings import GreySettings


def images(count: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 128 + 20 * torch.randn(count, 1, 24, 30, generator=generator)


def vary(**settings: float) -> torch.Tensor:
    torch.manual_seed(1)
    return vary_grey_levels(images(), GreySettings(**settings))


def test_nothing_changes_unless_asked():
    assert torch.equal(vary(), images())


def test_brightness_shifts_each_crop():
    shift = vary(brightness=10) - images()
    assert_allclose(shift.std(dim=(2, 3)), 0, atol=1e-4)
    of_crop = shift.mean(dim=(1, 2, 3))
    assert of_crop.min() < -9
    assert of_crop.max() > 9
    assert of_crop.abs().max() <= 10


def test_contrast_stretches_about_the_mean():
    varied = vary(contrast=0.5)
    assert_allclose(varied.mean(dim=(2, 3)), images().mean(dim=(2, 3)), rtol=1e-5)
    ratio = (varied.std(dim=(2, 3)) / images().std(dim=(2, 3))).flatten()
    assert 1 / 1.5 <= ratio.min() < 0.7
    assert 1.45 < ratio.max() <= 1.5


def test_noise_differs_from_pixel_to_pixel():
    added = vary(noise=4) - images()
    of_crop = added.std(dim=(2, 3)).flatten()
    assert_allclose(added.mean(dim=(2, 3)), 0, atol=0.8)
    assert of_crop.min() < 0.3
    assert 3.5 < of_crop.max() < 4.5


def test_the_blur_is_a_gaussian():
    sigma = torch.tensor([0.0, 0.7, 2.0])
    found = blurred(images(3), sigma, radius=6)
    assert_allclose(found[0], images(3)[0], rtol=1e-6)
    for index in (1, 2):
        expected = gaussian_filter(images(3)[index, 0].numpy(), float(sigma[index]), mode="mirror", radius=6)
        assert_allclose(found[index, 0], expected, rtol=1e-5)


def test_grey_levels_are_float32_where_nets_compute_in_16_bits():
    everything = {"brightness": 9.0, "contrast": 0.3, "blur": 1.5, "noise": 5.0}
    expected = vary(**everything)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(vary(**everything), expected)


@pytest.mark.parametrize("key", ["brightness", "contrast", "blur", "noise"])
def test_the_generator_decides(key):
    first, again = vary(**{key: 1.0}), vary(**{key: 1.0})
    assert torch.equal(first, again)
    assert not torch.equal(first, vary_grey_levels(images(), GreySettings(**{key: 1.0})))
    assert np.isfinite(first.numpy()).all()
