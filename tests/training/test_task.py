import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from monolayer.metrics.overlap import confusion, dice
from monolayer.training.task import dice_curve


def test_dice_at_every_threshold():
    rng = np.random.default_rng(0)
    levels, truth = rng.integers(256, size=(2, 9, 7)), rng.random((2, 9, 7)) < 0.3
    curve = dice_curve(torch.from_numpy(levels / 255).float(), torch.from_numpy(truth))
    assert_allclose(curve, [dice(confusion(truth, levels >= level)) for level in range(256)])


@pytest.mark.parametrize(("value", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_true(value, expected):
    curve = dice_curve(torch.full((4, 4), value), torch.zeros(4, 4, dtype=torch.bool))
    assert curve[1:].tolist() == [expected] * 255
