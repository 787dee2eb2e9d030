import math

import pytest
import torch
from torch import nn

from monolayer.training.optimisers import build_optimiser
from monolayer.training.settings import OptimiserSettings


def rates(steps: int, **settings: object) -> list[float]:
    """The learning rate of each step."""
    weight = nn.Parameter(torch.zeros(1))
    optimiser, schedule = build_optimiser([weight], OptimiserSettings(**settings), 0.1, steps)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        weight.grad = torch.ones(1)
        optimiser.step()
        schedule.step()
    return found


def test_a_constant_rate():
    assert rates(5, schedule="constant") == [0.1] * 5


@pytest.mark.parametrize("warm_up", [0.0, 0.3])
def test_cosine_rises_in_a_line_and_falls_along_a_cosine(warm_up):
    found = rates(100, schedule="cosine", warm_up=warm_up)
    rising = round(100 * warm_up)
    assert found[:rising] == pytest.approx([0.1 * (n + 1) / (rising + 1) for n in range(rising)])
    falling = 100 - rising
    expected = [0.05 * (1 + math.cos(math.pi * n / falling)) for n in range(falling)]
    assert found[rising:] == pytest.approx(expected)


def test_one_cycle_peaks_where_the_warm_up_ends():
    found = rates(101, schedule="one-cycle", warm_up=0.3)
    assert found[0] == pytest.approx(0.1 / 25)
    assert found.index(max(found)) in (29, 30)
    assert max(found) == pytest.approx(0.1, rel=1e-2)
    assert found[-1] < 1e-5


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_every_optimiser_finds_the_bottom_of_a_bowl(optimizer):
    weight = nn.Parameter(torch.tensor([3.0, -2.0]))
    settings = OptimiserSettings(optimizer=optimizer, weight_decay=0)
    optimiser, schedule = build_optimiser([weight], settings, 0.1, 300)
    for _ in range(300):
        optimiser.zero_grad()
        (weight**2).sum().backward()
        optimiser.step()
        schedule.step()
    assert weight.abs().max() < 1e-2


def test_sgd_follows_nesterov():
    weight = nn.Parameter(torch.tensor([1.0]))
    settings = OptimiserSettings(optimizer="sgd", momentum=0.5, schedule="constant", weight_decay=0)
    optimiser, _ = build_optimiser([weight], settings, 0.1, 2)
    for gradient in (1.0, 2.0):
        weight.grad = torch.tensor([gradient])
        optimiser.step()
    # Velocities 1 and .5 * 1 + 2; each step takes the gradient plus .5 of the new velocity.
    assert weight.item() == pytest.approx(1 - 0.1 * (1 + 0.5 * 1) - 0.1 * (2 + 0.5 * 2.5))


def test_adamw_decays_the_weights_themselves():
    weight = nn.Parameter(torch.tensor([1.0]))
    settings = OptimiserSettings(optimizer="adamw", weight_decay=0.5, schedule="constant")
    optimiser, _ = build_optimiser([weight], settings, 0.1, 1)
    weight.grad = torch.zeros(1)
    optimiser.step()
    assert weight.item() == pytest.approx(1 - 0.1 * 0.5)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_the_form_that_lets_gradients_be_clipped_takes_the_same_steps(optimizer):
    found = []
    for fused in (True, False):
        weight = nn.Parameter(torch.linspace(-2, 2, 7))
        settings = OptimiserSettings(optimizer=optimizer, schedule="constant")
        optimiser, _ = build_optimiser([weight], settings, 0.1, 5, fused=fused)
        assert getattr(optimiser, "_step_supports_amp_scaling", False) is fused
        for _ in range(5):
            optimiser.zero_grad()
            (weight**2).sum().backward()
            optimiser.step()
        found.append(weight.detach())
    torch.testing.assert_close(*found)
