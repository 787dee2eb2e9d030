import numpy as np
import pytest
import torch

from monolayer.errors import InputError
from monolayer.heads.base.head import Head, build_head


def head(**settings: float) -> Head:
    return build_head({"method": "contour", **settings})


def classes(labels: list[list[int]], **settings: float) -> list[list[int]]:
    return head(**settings).targets(torch.tensor([labels], dtype=torch.int32))[0].argmax(dim=0).tolist()


def test_contours_are_inside_cells_along_their_border():
    square = np.zeros((7, 7), dtype=int)
    square[1:6, 1:6] = 9
    expected = np.zeros((7, 7), dtype=int)
    expected[1:6, 1:6] = 2
    expected[2:5, 2:5] = 1
    assert classes(square.tolist(), width=1) == expected.tolist()
    expected[2:5, 2:5] = 2
    expected[3, 3] = 1
    assert classes(square.tolist(), width=2) == expected.tolist()


def test_touching_cells_have_contours_on_both_sides():
    assert classes([[1] * 4 + [2] * 4], width=1) == [[1, 1, 1, 2, 2, 1, 1, 1]]


def test_the_edge_of_the_image_is_no_contour():
    assert classes([[0, 3, 3, 3]] * 3, width=1) == [[0, 2, 1, 1]] * 3


def test_each_pixel_has_one_class():
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (2, 9, 9)).astype(np.int32))
    assert (head().targets(labels).sum(dim=1) == 1).all()


def test_classes_are_weighted():
    outputs = torch.log(torch.tensor([[0.5, 0.2], [0.3, 0.7], [0.2, 0.1]]))[None, :, None]  # (1, 3, 1, 2)
    truth = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])[None, :, None]
    loss = head(background=2.0, contour=3.0).loss(outputs, truth)["loss"].item()
    assert loss == pytest.approx(-(2 * np.log(0.5) + 3 * np.log(0.1)) / 2)


def test_foreground_is_cell_or_contour():
    outputs = torch.log(torch.tensor([0.5, 0.3, 0.2]))[None, :, None, None]
    assert head().maps(outputs)[0, :, 0, 0].tolist() == pytest.approx([0.5, 0.3, 0.2])
    assert head().foreground(outputs).item() == pytest.approx(0.5)


def test_settings_that_are_refused():
    with pytest.raises(InputError, match=r"head\.width"):
        head(width=0)
    with pytest.raises(InputError, match="valid keys: width, background, cell, contour"):
        head(dice=1.0)
