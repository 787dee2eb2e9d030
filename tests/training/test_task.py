import pytest
import torch

from monolayer.training.task import dice_of_masks


@pytest.mark.parametrize(
    ("predicted", "truth", "dice"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 1),
        ([1, 1, 0, 0], [0, 0, 1, 1], 0),
        ([1, 1, 1, 0], [1, 0, 0, 0], 0.5),
        ([0], [0], 1),
    ],
)
def test_dice_of_masks(predicted, truth, dice):
    masks = (torch.tensor(mask, dtype=torch.bool) for mask in (predicted, truth))
    assert dice_of_masks(*masks).item() == pytest.approx(dice)
