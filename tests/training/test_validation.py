"""What tells the best epoch: the cells that a model finds in validation images."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from monolayer.annotations.rasterise import label_runs
from monolayer.metrics.overlap import confusion, dice
from monolayer.models.base.model import Validated
from monolayer.predictions.cells import Cells
from monolayer.training.validation import dice_curve, image_ap50, judge_by

TRUTH = np.kron(np.array([[3, 0, 0], [0, 0, 0], [0, 0, 9]]), np.ones((10, 10), dtype=int))
"""Two squares of 100 pixels; the labels between them are missing."""


def squares(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    labels = np.zeros(TRUTH.shape, dtype=int)
    for number, (top, left, height, width) in enumerate(boxes, start=1):
        labels[top : top + height, left : left + width] = number
    return labels


@pytest.mark.parametrize(
    ("boxes", "scores", "expected"),
    [
        ([(0, 0, 10, 10), (20, 20, 10, 10)], [0.9, 0.8], 1),
        ([(0, 0, 10, 6), (20, 20, 10, 4)], [0.9, 0.8], 51 / 101),  # of IoU .6 and .4: recalls up to a half
        ([(0, 0, 10, 6), (15, 0, 4, 4), (20, 20, 10, 10)], [0.9, 0.8, 0.7], (51 + 50 * 2 / 3) / 101),
        ([], [], 0),
    ],
)
def test_ap50_of_an_image(boxes: list[tuple[int, int, int, int]], scores: list[float], expected: float):
    cells = Cells(label_runs(squares(*boxes)), np.array(scores, dtype=np.float32))
    assert image_ap50(cells, TRUTH) == pytest.approx(expected)


def test_nothing_in_an_empty_image_is_right():
    nothing = Cells(label_runs(np.zeros((5, 5), int)), np.zeros(0, np.float32))
    assert image_ap50(nothing, np.zeros((5, 5), int)) == 1
    assert image_ap50(Cells(label_runs(np.ones((5, 5), int)), np.ones(1, np.float32)), np.zeros((5, 5))) == 0


def test_an_image_that_is_all_cells():
    labels = np.repeat([[4] * 6 + [7] * 6], 8, axis=0)
    cells = Cells(label_runs(np.where(labels == 4, 1, 2)), np.ones(2, np.float32))
    assert image_ap50(cells, labels) == 1


def test_images_are_averaged_over_what_the_decoder_finds():
    """The net is sure of both squares of the first image, and of none of the second."""
    foreground = torch.from_numpy(np.stack([TRUTH > 0, TRUTH < 0])).float()
    labels = torch.from_numpy(np.stack([TRUTH, TRUTH]))
    said = Validated(torch.tensor(0.5), foreground, foreground[:, None])
    judged = judge_by("foreground")(said, labels)
    assert (judged.loss, judged.found) == (0.5, 0.5)


def test_dice_at_every_threshold():
    rng = np.random.default_rng(0)
    levels, truth = rng.integers(256, size=(2, 9, 7)), rng.random((2, 9, 7)) < 0.3
    curve = dice_curve(torch.from_numpy(levels / 255).float(), torch.from_numpy(truth))
    assert_allclose(curve, [dice(confusion(truth, levels >= level)) for level in range(256)])


@pytest.mark.parametrize(("value", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_true(value, expected):
    curve = dice_curve(torch.full((4, 4), value), torch.zeros(4, 4, dtype=torch.bool))
    assert curve[1:].tolist() == [expected] * 255
