import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from monolayer.errors import InputError
from monolayer.heads.base.head import build_head
from monolayer.heads.base.settings import read_head
from monolayer.heads.flow.head import GAP, MOST_STEPS, FlowHead, Settings, closed, flow_to_centres

HEAD = FlowHead(Settings())


def disc(size: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    rows, columns = np.ogrid[: size[0], : size[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def touching_cells() -> torch.Tensor:
    """Two discs that touch, a third that the image's edge cuts, and a bar; int32 [1, 40, 36]."""
    labels = np.zeros((40, 36), dtype=np.int32)
    labels[disc(labels.shape, (12, 10), 7.2)] = 3
    labels[disc(labels.shape, (14, 23), 7.2) & (labels == 0)] = 500
    labels[disc(labels.shape, (37, 30), 8)] = 65535
    labels[24:27, 2:21] = 4
    return torch.from_numpy(labels)[None]


def naive_flow(cell: np.ndarray) -> np.ndarray:
    """Return the flow of one cell, bool [H, W], as the paper describes it, pixel by pixel."""
    pixels = [(int(row), int(column)) for row, column in np.argwhere(cell)]
    middle = np.median(pixels, axis=0)
    source = min(pixels, key=lambda pixel: (((np.array(pixel) - middle) ** 2).sum(), pixel))
    extent = int((np.max(pixels, axis=0) - np.min(pixels, axis=0) + 1).sum())
    heat = np.zeros(np.array(cell.shape) + 2)
    for _ in range(-(-2 * extent // 8) * 8):
        before = heat.copy()
        before[source[0] + 1, source[1] + 1] += 1
        for row, column in pixels:
            heat[row + 1, column + 1] = before[row : row + 3, column : column + 3].mean()
    flow = np.zeros((2, *cell.shape))
    high = np.log(1 + heat)
    for row, column in pixels:
        down = high[row + 2, column + 1] - high[row, column + 1]
        right = high[row + 1, column + 2] - high[row + 1, column]
        length = np.hypot(down, right)
        flow[:, row, column] = (down / length, right / length) if length > 1e-6 else 0
    return flow


def test_a_square_flows_to_its_middle():
    labels = torch.zeros(1, 5, 5, dtype=torch.int32)
    labels[0, 1:4, 1:4] = 1
    foreground, down, right = HEAD.targets(labels)[0]
    half = 0.5**0.5
    assert_array_equal(foreground, labels[0])
    assert_allclose(down[1:4, 1:4], [[half, 1, half], [0, 0, 0], [-half, -1, -half]], atol=1e-6)
    assert_allclose(right, down.T, atol=1e-6)


def test_a_disc_flows_to_its_centre():
    inside = disc((31, 25), (15, 11), 10)
    flow = flow_to_centres(torch.from_numpy(inside.astype(np.int32))[None])[0].numpy()
    towards = np.array([15, 11])[:, None, None] - np.indices(inside.shape)
    distance = np.hypot(*towards)
    around = inside & (distance > 0)
    cosine = (flow * towards).sum(0)[around] / distance[around]
    assert cosine.min() > 0.9
    assert cosine.mean() > 0.99
    assert_allclose(np.hypot(*flow)[around], 1, atol=1e-6)
    assert_array_equal(flow[:, 15, 11], 0)


def test_flow_is_the_naive_one_of_each_cell_alone():
    labels = touching_cells()
    expected = sum(naive_flow(labels[0].numpy() == label) for label in (3, 4, 500, 65535))
    assert_allclose(flow_to_centres(labels)[0], expected, atol=1e-4)


def test_labels_may_have_any_numbers():
    labels = touching_cells()
    renumbered = torch.unique(labels, return_inverse=True)[1].int()
    assert_array_equal(flow_to_centres(labels), flow_to_centres(renumbered))


def test_background_is_zero():
    labels = touching_cells()
    assert not HEAD.targets(labels)[:, :, labels[0] == 0].any()
    assert not HEAD.targets(torch.zeros(2, 4, 6, dtype=torch.int32)).any()


def test_images_of_a_batch_know_nothing_of_each_other():
    labels = touching_cells()
    others = torch.ones_like(labels)
    both = HEAD.targets(torch.cat([labels, others]))
    assert both.shape == (2, 3, 40, 36)
    assert_allclose(both, torch.cat([HEAD.targets(labels), HEAD.targets(others)]), atol=1e-6)


def test_a_piece_apart_from_the_centre_has_no_direction_and_no_loss():
    labels = torch.zeros(1, 9, 20, dtype=torch.int32)
    labels[0, 2:7, 2:9] = labels[0, 3:6, 16:19] = 1
    targets = HEAD.targets(labels)
    assert not targets[0, 1:, 3:6, 16:19].any()
    outputs = torch.zeros(1, 3, 9, 20)
    outputs[:, 1:] = 5 * targets[:, 1:]
    outputs[0, 1:, 3:6, 16:19] = 7
    assert HEAD.loss(outputs, targets)["flow"] == 0
    outputs[0, 1, 0, 0] = 2
    assert HEAD.loss(outputs, targets)["flow"].item() == pytest.approx(4 / (2 * 9 * 20))


def test_a_small_gap_is_crossed_and_the_way_over_it_is_learned():
    labels = torch.zeros(1, 9, 20, dtype=torch.int32)
    labels[0, 2:7, 2:9] = labels[0, 3:6, 15:18] = 1
    targets = HEAD.targets(labels)
    assert_array_equal(targets[0, 0], labels[0] > 0)
    assert_allclose(targets[0, 2, 4, 9:18], -1)
    outputs = torch.zeros(1, 3, 9, 20)
    outputs[:, 1:] = 5 * targets[:, 1:]
    assert HEAD.loss(outputs, targets)["flow"] == 0
    outputs[0, 2, 4, 12] = 0
    assert HEAD.loss(outputs, targets)["flow"] > 0


def test_closing_is_that_of_scipy_for_each_cell_in_the_background():
    random = np.random.default_rng(0)
    labels = np.zeros((60, 90), dtype=np.int32)
    labels[10:50, 8:40], labels[10:50, 55:80] = 2, 9  # so far apart that their closings do not meet
    labels[random.random(labels.shape) < 0.6] = 0
    expected = labels.copy()
    for label in (2, 9):
        square = np.ones((2 * GAP + 1,) * 2)
        expected[ndimage.binary_closing(labels == label, square) & (labels == 0)] = label
    assert (expected != labels).sum() > 100
    assert_array_equal(closed(torch.from_numpy(labels)[None])[0], expected)


def test_nothing_is_closed_between_two_cells():
    labels = torch.zeros(1, 12, 12, dtype=torch.int32)
    labels[0, :, :5], labels[0, :, 8:] = 1, 2
    assert_array_equal(closed(labels), labels)


def test_the_centre_is_in_the_body_and_not_among_the_branches():
    labels = torch.zeros(1, 40, 90, dtype=torch.int32)
    labels[0, 12:25, 3:16] = 1
    labels[0, 17:20, 16:88] = labels[0, 10:28, 60:88] = 1
    labels[0, 12:26, 62:86] = 0  # a loop, whose pixels draw the median out of the body
    assert np.median(np.nonzero(labels[0].numpy())[1]) > 16
    flow = flow_to_centres(labels)[0]
    assert (flow[1, 18, 14:60] < 0).all()
    assert (flow[1, 18, 3:6] > 0).all()


def test_very_large_cells_have_a_flow_where_the_heat_gets():
    labels = torch.ones(1, 5, 2 * MOST_STEPS + 101, dtype=torch.int32)
    right = flow_to_centres(labels)[0, 1, 2]
    centre = MOST_STEPS + 50
    assert_allclose(right[centre - 150 : centre], 1)
    assert not right[: centre - MOST_STEPS].any()


def test_loss_is_that_of_the_paper():
    targets = torch.tensor([1.0, 0.6, 0.8]).view(1, 3, 1, 1)
    probability = torch.tensor(0.9)
    outputs = torch.stack([torch.logit(probability), torch.tensor(2.0), torch.tensor(4.5)]).view(1, 3, 1, 1)
    losses = HEAD.loss(outputs, targets)
    assert set(losses) == {"loss", "bce", "flow"}
    assert losses["bce"].item() == pytest.approx(-np.log(0.9), abs=1e-6)
    assert losses["flow"].item() == pytest.approx(((2 - 3) ** 2 + (4.5 - 4) ** 2) / 2)
    assert losses["loss"].item() == pytest.approx(-np.log(0.9) + 0.5 * 0.625, abs=1e-6)


def test_loss_is_a_mean_over_the_batch():
    torch.manual_seed(0)
    targets = HEAD.targets(torch.cat([touching_cells(), torch.ones(1, 40, 36, dtype=torch.int32)]))
    outputs = torch.randn(targets.shape)
    single = [HEAD.loss(outputs[i : i + 1], targets[i : i + 1])["loss"] for i in range(2)]
    assert HEAD.loss(outputs, targets)["loss"].item() == pytest.approx(torch.stack(single).mean().item())


def test_terms_of_the_loss_are_weighted():
    targets = HEAD.targets(touching_cells())
    losses = build_head({"method": "flow", "bce": 0, "flow": 2, "dice": 3}).loss(targets, targets)
    assert set(losses) == {"loss", "flow", "dice"}
    assert losses["loss"].item() == pytest.approx((2 * losses["flow"] + 3 * losses["dice"]).item())


@pytest.mark.parametrize("values", [{"flow": 0}, {"bce": 0}])
def test_weights_that_find_no_cells(values):
    with pytest.raises(InputError, match="give flow and one of bce and dice"):
        build_head({"method": "flow", **values})


def test_maps_are_probability_and_flow():
    outputs = torch.tensor([0.0, 5.0, -2.5]).view(1, 3, 1, 1)
    assert HEAD.maps(outputs).flatten().tolist() == [0.5, 1.0, -0.5]
    assert HEAD.foreground(outputs).tolist() == [[[0.5]]]


@pytest.mark.parametrize(("turns", "reflected"), itertools.product(range(4), (False, True)))
def test_targets_of_an_oriented_image_are_inverted(turns, reflected):
    labels = torch.zeros(1, 30, 26, dtype=torch.int32)
    labels[0, disc((30, 26), (11, 9), 7)] = 1  # symmetric, so no other pixel is as near to the median
    labels[0, 19:24, 3:24] = 2
    turned = torch.rot90(labels.flip(-1) if reflected else labels, turns, dims=(-2, -1))
    as_picture = torch.rot90(HEAD.targets(turned), -turns, dims=(-2, -1))
    as_picture = as_picture.flip(-1) if reflected else as_picture
    assert_allclose(HEAD.invert_orientation(as_picture, turns, reflected), HEAD.targets(labels), atol=1e-4)


def test_directions_cannot_be_resized():
    assert not read_head({"method": "flow"}).resizable
