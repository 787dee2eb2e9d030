from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_project import Sample, disc_sample, packed_of

from monolayer.images.normalisation import NormaliseSettings
from monolayer.training.data import WholeImages, home_of, spread


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(1, [0]), (2, [0, 2]), (5, [0, 1, 2, 3, 4]), (9, [0, 1, 2, 3, 4]), (None, [0, 1, 2, 3, 4])],
)
def test_items_are_spread_over_the_list(count, chosen):
    assert spread(range(5), count) == chosen


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
    images = WholeImages(packed, NormaliseSettings(mean=0, scale=1), count=None)
    assert len(images) == 2
    for (image, _, _), number in zip(images, (1, 3), strict=True):
        assert (image.numpy() == disc_sample(number).image).all()


def test_whole_images_keep_their_size():
    rng = np.random.default_rng(0)
    samples = [
        Sample(rng.integers(256, size=s), rng.integers(65536, size=s)) for s in ((3, 4), (5, 2), (6, 6))
    ]
    normalise = NormaliseSettings(mean=50, scale=2)
    images = WholeImages(packed_of(*samples), normalise, count=2)
    assert len(images) == 2
    for (image, labels, counts), sample in zip(images, samples, strict=False):
        assert counts
        assert (image.numpy() == (sample.image[None] - 50) / 2).all()
        assert (labels.numpy() == sample.labels[None]).all()
