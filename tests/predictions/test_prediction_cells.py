import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pycocotools import mask as coco_mask

from monolayer.predictions.cells import best_scores, cells_of_labels, encode_cells


def encode_labels(labels: np.ndarray) -> list[dict[str, object]]:
    return encode_cells(cells_of_labels(labels, np.ones(labels.shape)), *labels.shape)


def random_labels(shape: tuple[int, int], count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, count + 1, shape)
    labels.ravel()[: count + 1] = np.arange(count + 1)  # no gaps
    return labels


@pytest.mark.parametrize("shape", [(7, 5), (1, 9), (9, 1)])
def test_codes_are_those_of_pycocotools(shape):
    labels = random_labels(shape, 4)
    for label, code in enumerate(encode_labels(labels), start=1):
        assert code == coco_mask.encode(np.asfortranarray(labels == label, dtype=np.uint8))


def test_a_full_image_and_an_empty_one():
    assert_array_equal(coco_mask.decode(encode_labels(np.ones((3, 2), dtype=int))[0]), np.ones((3, 2)))
    assert encode_labels(np.zeros((3, 2), dtype=int)) == []


def test_a_score_is_the_mean_inside():
    labels = random_labels((8, 8), 3)
    foreground = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    prediction = cells_of_labels(labels, foreground)
    assert prediction.scores == pytest.approx([foreground[labels == label].mean() for label in (1, 2, 3)])
    assert prediction.scores.dtype == np.float32


def test_bands_do_not_change_the_last_bit_of_a_score(monkeypatch):
    labels = random_labels((40, 30), 6)
    probability = (np.random.default_rng(0).random((40, 30)) ** 9).astype(np.float32)
    sums = [sum(probability[labels == label].tolist()) for label in range(1, 7)]  # one after the other
    means = np.array(sums) / np.bincount(labels.ravel())[1:]
    whole = cells_of_labels(labels, probability)
    for band in (2**20, 100, 1):
        for module in ("annotations.rasterise", "predictions.cells"):
            monkeypatch.setattr(f"monolayer.{module}.BAND", band)
        assert_array_equal(cells_of_labels(labels, probability).scores, means.astype(np.float32))
        assert_array_equal(best_scores(whole, 40, 30), np.append(0, whole.scores)[labels].astype(np.float32))
