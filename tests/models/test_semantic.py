import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask
from torch import nn

from monolayer.errors import InputError
from monolayer.models._semantic import LossSettings, SemanticModel, SemanticSettings
from monolayer.parameters import validate

SETTINGS = SemanticSettings(architecture="unet")


def model(**loss: float) -> SemanticModel:
    settings = SETTINGS.model_copy(update={"loss": LossSettings(**loss)})
    return SemanticModel(nn.Identity(), stride=1, settings=settings)


def logits(probability: list[list[float]]) -> torch.Tensor:
    return torch.logit(torch.tensor(probability))[None, None]


def test_targets_are_the_foreground():
    targets = model().targets(torch.tensor([[[0, 3], [1, 0]]], dtype=torch.int32))
    assert targets.tolist() == [[[[0.0, 1.0], [1.0, 0.0]]]]


def test_loss_is_dice_plus_cross_entropy():
    probability, truth = np.array([[0.9, 0.2]]), np.array([[1.0, 0.0]])
    losses = model().loss(logits(probability.tolist()), torch.tensor(truth)[None, None].float())
    dice = 1 - 2 * 0.9 / (0.9 + 0.2 + 1)
    bce = -(np.log(0.9) + np.log(0.8)) / 2
    assert losses["dice"].item() == pytest.approx(dice, abs=1e-4)
    assert losses["bce"].item() == pytest.approx(bce, abs=1e-4)
    assert losses["loss"].item() == pytest.approx(dice + bce, abs=1e-4)


def test_terms_of_the_loss_are_weighted():
    outputs, truth = logits([[0.9, 0.2]]), torch.tensor([[[[1.0, 0.0]]]])
    both = model().loss(outputs, truth)
    published = model(bce=0.01).loss(outputs, truth)
    assert published["loss"].item() == pytest.approx((both["dice"] + 0.01 * both["bce"]).item())
    assert set(model(bce=0).loss(outputs, truth)) == {"loss", "dice"}


def test_focal_loss():
    losses = model(dice=0, bce=0, focal=1).loss(logits([[0.9, 0.2]]), torch.tensor([[[[1.0, 0.0]]]]))
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
        validate({"architecture": "unet", "loss": loss}, "models.tiny", SemanticSettings)


def test_instances_are_components_of_the_foreground():
    prediction = model().decode(logits([[0.9, 0.7, 0.1], [0.2, 0.3, 0.6]]), threshold=0.6 - 1e-6)
    masks = [coco_mask.decode(code).tolist() for code in prediction.masks]
    assert masks == [[[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]]
    assert prediction.scores == pytest.approx([0.8, 0.6])


def test_nothing_above_the_threshold_is_no_instance():
    prediction = model().decode(logits([[0.4, 0.1]]), threshold=0.5)
    assert prediction.masks == []
    assert prediction.scores.shape == (0,)
