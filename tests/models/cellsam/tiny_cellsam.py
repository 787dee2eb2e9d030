"""CellSAM at its smallest, and cells to show it."""

import torch
from torch import Tensor

from monolayer.models.cellsam import model as cellsam
from monolayer.models.cellsam.sizes import SIZES

TINY = SIZES["tiny"]
SMALL = TINY._replace(window=32, attention_window=2, channels=16, mask_channels=16, mask_hidden=16)


def built(**values: object) -> cellsam.CellSam:
    settings = {"architecture": "cellsam", "size": "tiny", **values}
    return cellsam.build(cellsam.Settings.model_validate(settings))


def grid_of_squares(side: int) -> Tensor:
    """Nine squares and oblongs, labels int32 [side, side]."""
    labels = torch.zeros(side, side, dtype=torch.int32)
    for label in range(9):
        top, left = 8 + 36 * (label // 3), 6 + 36 * (label % 3)
        labels[top : top + 16 + label, left : left + 20] = label + 1
    return labels
