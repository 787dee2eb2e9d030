import numpy as np
import pytest
import torch

from monolayer.errors import InputError
from monolayer.heads.base.head import Head, build_head
from monolayer.heads.base.settings import read_head


def head(**loss: float) -> Head:
    return build_head({"method": "foreground", **loss})


def logits(probability: list[list[float]]) -> torch.Tensor:
    return torch.logit(torch.tensor(probability))[None, None]


def test_targets_are_the_foreground():
    targets = head().targets(torch.tensor([[[0, 3], [1, 0]]], dtype=torch.int32))
    assert targets.tolist() == [[[[0.0, 1.0], [1.0, 0.0]]]]


def test_loss_is_dice_plus_cross_entropy():
    probability, truth = np.array([[0.9, 0.2]]), np.array([[1.0, 0.0]])
    losses = head().loss(logits(probability.tolist()), torch.tensor(truth)[None, None].float())
    dice = 1 - 2 * 0.9 / (0.9 + 0.2 + 1)
    bce = -(np.log(0.9) + np.log(0.8)) / 2
    assert losses["dice"].item() == pytest.approx(dice, abs=1e-4)
    assert losses["bce"].item() == pytest.approx(bce, abs=1e-4)
    assert losses["loss"].item() == pytest.approx(dice + bce, abs=1e-4)


def test_terms_of_the_loss_are_weighted():
    outputs, truth = logits([[0.9, 0.2]]), torch.tensor([[[[1.0, 0.0]]]])
    both = head().loss(outputs, truth)
    published = head(bce=0.01).loss(outputs, truth)
    assert published["loss"].item() == pytest.approx((both["dice"] + 0.01 * both["bce"]).item())
    assert set(head(bce=0).loss(outputs, truth)) == {"loss", "dice"}


def test_focal_loss():
    losses = head(dice=0, bce=0, focal=1).loss(logits([[0.9, 0.2]]), torch.tensor([[[[1.0, 0.0]]]]))
    expected = -(0.1**2 * np.log(0.9) + 0.2**2 * np.log(0.8)) / 2
    assert losses["loss"].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ({"dice": 0, "bce": 0}, "at least one of dice, bce and focal"),
        ({"l1": 1}, "valid keys: dice, bce, focal"),
    ],
)
def test_losses_that_cannot_be(loss, message):
    with pytest.raises(InputError, match=message):
        head(**loss)


def test_the_probability_of_the_foreground():
    outputs = logits([[0.9, 0.2]])
    assert head().foreground(outputs)[0].tolist() == [pytest.approx([0.9, 0.2])]
    assert torch.equal(head().maps(outputs)[:, 0], head().foreground(outputs))


def test_a_head_that_is_unknown():
    with pytest.raises(InputError, match=r"head\.method: 'edges' is unknown; valid: boxes, .*foreground"):
        build_head({"method": "edges"})
    with pytest.raises(InputError, match=r"models\.tiny\.head\.method: '' is unknown"):
        read_head({}, "models.tiny.head")
