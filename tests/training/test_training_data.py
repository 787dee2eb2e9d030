import numpy as np
import pytest
from tiny_project import Sample, packed_of

from monolayer.training.data import WholeImages, spread


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(1, [0]), (2, [0, 2]), (5, [0, 1, 2, 3, 4]), (9, [0, 1, 2, 3, 4]), (None, [0, 1, 2, 3, 4])],
)
def test_items_are_spread_over_the_list(count, chosen):
    assert spread(range(5), count) == chosen


def test_whole_images_keep_their_size():
    rng = np.random.default_rng(0)
    samples = [
        Sample(rng.integers(256, size=s), rng.integers(65536, size=s)) for s in ((3, 4), (5, 2), (6, 6))
    ]
    images = WholeImages(packed_of(*samples), count=2)
    assert len(images) == 2
    for (image, labels, counts), sample in zip(images, samples, strict=False):
        assert counts
        assert (image.numpy() == sample.image[None]).all()
        assert (labels.numpy() == sample.labels[None]).all()
