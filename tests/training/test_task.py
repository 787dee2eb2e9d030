import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from monolayer.metrics.overlap import confusion, dice
from monolayer.training.task import dice_curve, seed_of_step


def test_dice_at_every_threshold():
    rng = np.random.default_rng(0)
    levels, truth = rng.integers(256, size=(2, 9, 7)), rng.random((2, 9, 7)) < 0.3
    curve = dice_curve(torch.from_numpy(levels / 255).float(), torch.from_numpy(truth))
    assert_allclose(curve, [dice(confusion(truth, levels >= level)) for level in range(256)])


@pytest.mark.parametrize(("value", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_true(value, expected):
    curve = dice_curve(torch.full((4, 4), value), torch.zeros(4, 4, dtype=torch.bool))
    assert curve[1:].tolist() == [expected] * 255


def test_no_two_seeds_steps_or_processes_draw_the_same():
    seeds = {seed_of_step(seed, step, rank) for seed in range(10) for step in range(40) for rank in range(3)}
    assert len({seed % 2**32 for seed in seeds}) == 1200  # torch's generator of a CPU takes the lower half
    assert seed_of_step(3, 7) == seed_of_step(3, 7, rank=0)
