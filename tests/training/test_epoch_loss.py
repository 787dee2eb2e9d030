import pytest
import torch

from monolayer.errors import InputError
from monolayer.training.epoch_loss import CHECK_EVERY, EpochLoss


def losses_of(*values: float, first: int = 0) -> EpochLoss:
    losses = EpochLoss()
    for step, value in enumerate(values, start=first):
        losses.add(torch.tensor(value), step, lr=0.1 * (step + 1))
    return losses


def test_the_mean_of_an_epoch():
    assert losses_of(1, 2, 6).mean() == pytest.approx(3)


def test_a_saved_epoch_goes_on():
    again = EpochLoss()
    again.load(losses_of(1, 2).state())
    again.add(torch.tensor(6.0), 2, lr=0.1)
    assert again.mean() == pytest.approx(3)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("read", ["mean", "state", "check"])
def test_a_loss_that_is_no_number_is_named_with_its_step_and_rate(value, read):
    losses = losses_of(1, value, 2, value, first=1)
    with pytest.raises(InputError, match=r"no number from step 3 on, at a learning rate of 0\.3: lower"):
        getattr(losses, read)()


def test_it_is_noticed_without_being_asked():
    losses = losses_of(*[1.0] * CHECK_EVERY, first=CHECK_EVERY + 1)
    with pytest.raises(InputError, match=f"from step {2 * CHECK_EVERY + 2} on"):
        add_nothing_but_nan(losses, first=2 * CHECK_EVERY + 1)


def add_nothing_but_nan(losses: EpochLoss, first: int) -> None:
    for step in range(first, first + CHECK_EVERY):
        losses.add(torch.tensor(float("nan")), step, lr=0.1)
