"""What detectors learn of label images."""

import numpy as np
import pytest
import torch
from torchvision.ops import masks_to_boxes

from monolayer.errors import InputError
from monolayer.heads.base.head import build_head
from monolayer.heads.boxes.head import BoxHead, Settings, cells_of


def labels_of_discs() -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(40), torch.arange(60), indexing="ij")
    labels = torch.zeros(40, 60, dtype=torch.int32)
    discs = {7: (10, 10, 6), 3: (20, 40, 9), 900: (39, 0, 5), 12: (2, 58, 1)}
    for label, (row, column, radius) in discs.items():
        labels[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = label
    return labels


def test_boxes_are_those_of_torchvision():
    labels = labels_of_discs()
    cells = cells_of(labels, cell_area=1)
    assert cells.numbers.tolist() == [3, 7, 12, 900]
    edges = masks_to_boxes(torch.stack([labels == number for number in cells.numbers]))
    edges[:, 2:] += 1  # torchvision gives the last pixel, not the edge
    assert torch.equal(cells.boxes, edges)


def test_masks_are_the_cells():
    labels = labels_of_discs()
    masks = cells_of(labels, cell_area=1).masks(torch.tensor([2, 0]))
    assert torch.equal(masks, torch.stack([labels == 12, labels == 3]))


def test_what_a_crop_leaves_of_a_cell_may_be_too_little():
    few, none = BoxHead(Settings(cell_area=2)).targets(
        torch.stack([labels_of_discs(), torch.zeros(40, 60, dtype=torch.int32)])
    )
    assert few.numbers.tolist() == [3, 7, 900]  # 12 is a single pixel
    assert none.boxes.shape == (0, 4)
    assert none.masks(torch.arange(0)).shape == (0, 40, 60)


def test_labels_beyond_15_bits():
    labels = torch.full((3, 4), 65535, dtype=torch.int32)
    assert cells_of(labels, 1).boxes.tolist() == [[0, 0, 4, 3]]
    assert np.array_equal(cells_of(labels, 1).numbers, [65535])


def test_an_unknown_setting_is_an_error():
    with pytest.raises(InputError, match=r"head\.colour: unknown key; valid keys: cell_area"):
        build_head({"method": "boxes", "colour": 1})
