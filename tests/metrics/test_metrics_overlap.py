"""Overlap scores, on hand-made arrays and against ITK's."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.spatial import distance

from monolayer.metrics.overlap import confusion, dice, iou, precision, recall

SCORES = (dice, iou, precision, recall)


def random_masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = generator.random((30, 40)) < 0.4
    return truth, truth ^ (generator.random((30, 40)) < 0.2)


def test_hand_made():
    truth = np.array([[1, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    prediction = np.array([[1, 1, 1, 0], [1, 1, 1, 0]], dtype=bool)
    counts = confusion(truth, prediction)
    assert counts.tolist() == [3, 3, 1, 1]
    assert [float(score(counts)) for score in SCORES] == [0.6, 3 / 7, 0.5, 0.75]


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_itk(seed):
    truth, prediction = random_masks(seed)
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (prediction, truth)))
    counts = confusion(truth, prediction)
    assert dice(counts) == pytest.approx(measures.GetDiceCoefficient())
    assert iou(counts) == pytest.approx(measures.GetJaccardCoefficient())
    assert recall(counts) == pytest.approx(1 - measures.GetFalseNegativeError())
    assert precision(counts) == pytest.approx(1 - measures.GetFalseDiscoveryRate())


def test_agrees_with_scipy():
    truth, prediction = random_masks(seed=7)
    counts = confusion(truth, prediction)
    assert dice(counts) == pytest.approx(1 - distance.dice(truth.ravel(), prediction.ravel()))
    assert iou(counts) == pytest.approx(1 - distance.jaccard(truth.ravel(), prediction.ravel()))


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("truth", "prediction", "value"), [(0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.0), (1, 1, 1.0)]
)
def test_empty_masks_have_a_value(score, truth, prediction, value):
    masks = np.full((2, 2), truth, dtype=bool), np.full((2, 2), prediction, dtype=bool)
    assert float(score(confusion(*masks))) == value


@pytest.mark.parametrize("score", SCORES)
def test_many_images_at_once(score):
    counts = np.stack([confusion(*random_masks(seed)) for seed in range(4)])
    assert score(counts).tolist() == [float(score(row)) for row in counts]


def test_counts_add_up_to_the_pixels_of_both_images():
    first, second = random_masks(1), random_masks(2)
    joined = confusion(*(np.hstack(pair) for pair in zip(first, second, strict=True)))
    assert (confusion(*first) + confusion(*second)).tolist() == joined.tolist()
