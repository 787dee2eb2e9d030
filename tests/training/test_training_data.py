from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_project import Sample, disc_sample, packed_of

from monolayer.images.normalisation import NormaliseSettings
from monolayer.training.data import WholeImages, affordable_images, home_of


def test_images_to_validate_on_are_spread_over_the_cell_types():
    packed = packed_of(*(disc_sample(seed) for seed in range(6)))
    for number, image in enumerate(packed.images):
        image.cell_type = "A172" if number < 4 else "BV2"
    chosen = WholeImages(packed, NormaliseSettings(mean=0, scale=1), count=3)
    shown = [
        next(n for n in range(6) if (pixels.numpy() == disc_sample(n).image).all()) for pixels, _, _ in chosen
    ]
    assert shown == sorted(shown)
    assert [number < 4 for number in shown] == [True, True, False]


@pytest.mark.parametrize(("images", "count"), [(1, 4), (20, 6), (100, 30)])
def test_a_tenth_of_the_work_goes_to_validation(images: float, count: int):
    """As many images for an epoch that computes the pixels of so many forth and back."""
    assert affordable_images(packed_of(disc_sample(0)), images * 64 * 72 * (1 + 1e-9)) == count


@pytest.mark.parametrize(("memory", "home"), [(3 * 64 * 72 * 2, "cuda"), (3 * 64 * 72 * 2 - 1, "cpu")])
def test_a_gpu_keeps_images_that_take_half_of_it(monkeypatch, memory, home):
    properties = SimpleNamespace(total_memory=memory)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    packed = packed_of(disc_sample(0))  # 64 x 72 pixels of 3 bytes each
    assert home_of(packed, torch.device("cuda"), 0.5).type == home
    assert home_of(packed, torch.device("cpu"), 0).type == "cpu"


def test_validation_leaves_out_images_that_are_not_wholly_annotated():
    packed = packed_of(*(disc_sample(seed) for seed in range(4)))
    packed.images[0].truth, packed.images[2].truth = "none", "partial"
    images = WholeImages(packed, NormaliseSettings(mean=0, scale=1), count=4)
    assert len(images) == 2
    for (image, _, _), number in zip(images, (1, 3), strict=True):
        assert (image.numpy() == disc_sample(number).image).all()


def test_whole_images_keep_their_size():
    rng = np.random.default_rng(0)
    samples = [
        Sample(rng.integers(256, size=s), rng.integers(65536, size=s)) for s in ((3, 4), (5, 2), (6, 6))
    ]
    normalise = NormaliseSettings(mean=50, scale=2)
    images = WholeImages(packed_of(*samples), normalise, count=3)
    assert len(images) == 3
    for (image, labels, counts), sample in zip(images, samples, strict=True):
        assert counts
        assert (image.numpy() == (sample.image[None] - 50) / 2).all()
        assert (labels.numpy() == sample.labels[None]).all()
