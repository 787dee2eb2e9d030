import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy.ndimage import binary_dilation

from monolayer.errors import InputError
from monolayer.heads.base.head import Head, build_head
from monolayer.heads.base.settings import read_head


def head(**settings: float) -> Head:
    """Build the head; without gaps, which have a test of their own."""
    return build_head({"method": "foreground", "gap": 0, **settings})


def logits(probability: list[list[float]]) -> torch.Tensor:
    return torch.logit(torch.tensor(probability))[None, None]


def test_targets_are_the_foreground():
    targets = head().targets(torch.tensor([[[0, 3], [1, 0]]], dtype=torch.int32))
    assert targets.tolist() == [[[[0.0, 1.0], [1.0, 0.0]]]]


def test_gaps_are_where_cells_touch():
    labels = torch.tensor([[[4, 4, 4, 4, 9, 9, 9, 0, 0, 0, 2, 2], [4, 4, 4, 4, 0, 0, 9, 0, 0, 7, 2, 2]]])
    foreground, gaps = head(gap=1).targets(labels.int())[0]
    assert torch.equal(foreground, (labels[0] > 0).float())
    assert gaps.tolist() == [[0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0]]


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_gaps_are_as_wide_as_asked_for(reach: int):
    labels = np.random.default_rng(0).choice([0, 0, 0, 1, 5, 300], (40, 50)).repeat(3, 0).repeat(3, 1)
    square = np.ones((2 * reach + 1,) * 2)
    numbers = np.unique(labels[labels > 0])
    near = np.stack([binary_dilation(labels == number, square) for number in numbers])
    others = near & (labels != numbers[:, None, None])
    gaps = head(gap=reach).targets(torch.from_numpy(labels)[None].int())[0, 1]
    assert_array_equal(gaps.numpy() > 0, (labels > 0) & others.any(axis=0))


def test_gaps_are_learned_as_much_as_the_foreground():
    outputs, labels = torch.randn(2, 2, 5, 6, generator=torch.manual_seed(0)), torch.ones(2, 5, 6).int()
    labels[:, :, 3:] = 2
    both = head(gap=1)
    alone = [head().loss(outputs[:, [plane]], both.targets(labels)[:, [plane]])["loss"] for plane in (0, 1)]
    assert both.loss(outputs, both.targets(labels))["loss"].item() == pytest.approx(sum(alone).item() / 2)
    assert both.channels == both.maps(outputs).shape[1] == 2
    torch.testing.assert_close(both.foreground(outputs), torch.sigmoid(outputs[:, 0]))


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
        ({"l1": 1}, "valid keys: dice, bce, focal, gap"),
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
