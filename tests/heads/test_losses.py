import pytest
import torch
from monai.losses.dice import DiceLoss

from monolayer.heads.base.losses import dice_loss


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5, 1.0])
def test_dice_is_that_of_monai_to_the_last_bit(fraction):
    generator = torch.Generator().manual_seed(0)
    ours = torch.randn(3, 2, 40, 56, generator=generator, requires_grad=True)
    peers = ours.detach().clone().requires_grad_()
    truth = (torch.rand(ours.shape, generator=generator) < fraction).float()
    loss, peer = dice_loss(ours, truth), DiceLoss(sigmoid=True, batch=True)(peers, truth)
    loss.backward()
    peer.backward()
    assert torch.equal(loss, peer)
    assert torch.equal(ours.grad, peers.grad)


def test_nothing_found_where_nothing_is():
    assert dice_loss(torch.full((1, 1, 4, 4), -200.0), torch.zeros(1, 1, 4, 4)) == 0


def test_dice_by_hand():
    logits = torch.tensor([[[[200.0, 200.0, -200.0, -200.0]]]])
    truth = torch.tensor([[[[1.0, 0.0, 1.0, 1.0]]]])
    assert dice_loss(logits, truth) == pytest.approx(1 - 2 * 1 / (2 + 3), abs=1e-5)
