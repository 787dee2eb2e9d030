import numpy as np
import pytest

from monolayer.training.data import WholeImages, spread
from monolayer.training.samples import Sample


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(1, [0]), (2, [0, 2]), (5, [0, 1, 2, 3, 4]), (9, [0, 1, 2, 3, 4]), (None, [0, 1, 2, 3, 4])],
)
def test_items_are_spread_over_the_list(count, chosen):
    assert spread(range(5), count) == chosen


def test_whole_images_keep_their_size():
    samples = [Sample(np.zeros((3, 4), np.uint8), np.ones((3, 4), np.uint16))]
    image, labels = WholeImages(samples)[0]
    assert len(WholeImages(samples)) == 1
    assert image.shape == labels.shape == (3, 4)
    assert labels.dtype == np.int32
