"""What StarDist's net learns, against hand-made truth and naive loops."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from torch.utils._python_dispatch import TorchDispatchMode

from monolayer.errors import InputError
from monolayer.heads.stardist.head import (
    EVERY,
    RAYS,
    UNIT,
    WINDOW,
    Settings,
    StarDistHead,
    build,
    object_probability,
    ray_lengths,
    squared_depth,
)
from monolayer.parameters import validate

RIGHT, DOWN, LEFT, UP = 0, 8, 16, 24


def head(**weights: float) -> StarDistHead:
    return build(Settings(**weights))


def as_batch(*images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(images).astype(np.int32))


def lengths(labels: np.ndarray) -> np.ndarray:
    batch = as_batch(labels)
    return ray_lengths(batch, squared_depth(batch), every=1)[0].numpy()


def probability(labels: np.ndarray) -> np.ndarray:
    batch = as_batch(labels)
    return object_probability(batch, squared_depth(batch))[0].numpy()


def patches(height: int, width: int, seed: int) -> np.ndarray:
    """Touching cells of crooked outlines with some background, numbered with gaps up to 65535."""
    generator = np.random.default_rng(seed)
    seeds = generator.uniform(0, [height, width], (12, 2))
    pixels = np.stack(np.mgrid[:height, :width], axis=-1)
    nearest = np.linalg.norm(pixels[:, :, None] - seeds, axis=-1).argmin(axis=-1)
    numbers = generator.choice(65535, 12, replace=False) + 1
    numbers[:4], numbers[4] = 0, 65535
    return numbers[nearest]


def disc(size: int, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] - size // 2
    return (rows**2 + columns**2 <= radius**2).astype(np.int32)


SQUARE = np.zeros((9, 9), np.int32)
SQUARE[2:7, 2:7] = 3


def test_distances_of_a_square():
    middle = lengths(SQUARE)[:, 4, 4]
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    assert_allclose(middle, 2.5 / np.maximum(abs(np.cos(angle)), abs(np.sin(angle))), rtol=1e-6)
    assert lengths(SQUARE)[[RIGHT, DOWN, LEFT, UP], 2, 3].tolist() == [3.5, 4.5, 1.5, 0.5]


def test_probability_of_a_square():
    rings = np.minimum(np.minimum(range(9), range(8, -1, -1))[:, None] - 1, 3)
    assert_allclose(probability(SQUARE), np.clip(np.minimum(rings, rings.T), 0, None) / 3)


def test_targets_of_a_disc():
    targets = head().targets(as_batch(disc(31, 10)))[0].numpy()
    assert targets.dtype == "float32"
    assert targets[0].argmax() == 15 * 31 + 15
    assert targets[0, 15, 15] == 1
    assert_allclose(targets[0, 15, 5:16], np.arange(1, 12) / 11, atol=0.06)
    assert_allclose(targets[1:-1, 15, 15], 10.2, atol=0.6)
    assert_array_equal(targets[-1], disc(31, 10))


def test_distances_are_given_at_every_third_pixel_and_are_0_in_the_background():
    targets = head().targets(as_batch(SQUARE))[0].numpy()
    given = np.isfinite(targets[1:-1])
    assert given[:, ::EVERY, ::EVERY].all()
    assert given.sum() == RAYS * 9
    assert_array_equal(targets[1:-1, ::EVERY, ::EVERY], lengths(SQUARE)[:, ::EVERY, ::EVERY])
    assert (targets[1:-1, 0, 0] == 0).all()


def test_every_place_within_a_stride_of_the_net_is_learned():
    given = torch.isfinite(head().targets(as_batch(np.zeros((48, 48))))[0, 1]).nonzero() % 16
    assert len(given.unique(dim=0)) == 16 * 16


def naive_ray(labels: np.ndarray, row: int, column: int, angle: float) -> float:
    step = 1 / max(abs(math.cos(angle)), abs(math.sin(angle)))
    for count in range(1, 1000):
        r = row + round(count * step * math.sin(angle))
        c = column + round(count * step * math.cos(angle))
        is_within = 0 <= r < labels.shape[0] and 0 <= c < labels.shape[1]
        if not is_within or labels[r, c] != labels[row, column]:
            break
    return (count - 0.5) * step


def test_distances_match_a_naive_march():
    labels = patches(24, 30, seed=0)
    found = lengths(labels)
    for row, column in np.argwhere(labels):
        expected = [naive_ray(labels, row, column, 2 * math.pi * k / RAYS) for k in range(RAYS)]
        assert_allclose(found[:, row, column], expected, rtol=1e-6)
    assert (found[:, labels == 0] == 0).all()


def stripes(size: int) -> np.ndarray:
    """Cells one, two and three pixels wide that touch, each as long as the image and not along any ray."""
    rows, columns = np.mgrid[:size, :size]
    across = (rows + columns // 3) % 6
    return 1 + np.searchsorted([1, 3], across, side="right") + 3 * ((rows + columns // 3) // 6)


@pytest.mark.parametrize("size", [48, 80])
def test_rays_along_thin_cells_match_a_naive_march(size):
    labels = stripes(size)
    labels[size // 2 : size // 2 + 3] = 9999
    labels[:, 7] = 8888
    found = lengths(labels)
    for row, column in np.argwhere(labels)[::61]:
        expected = [naive_ray(labels, row, column, 2 * math.pi * k / RAYS) for k in range(RAYS)]
        assert_allclose(found[:, row, column], expected, rtol=1e-6)
    assert found[RIGHT, size // 2, 0] == 6.5  # where the column crosses the row
    assert found[DOWN, 0, 7] == size - 0.5


class Waits(TorchDispatchMode):
    """Counts what makes the program wait for a GPU: what it has to know of an array to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function.overloadpacket in (torch.ops.aten.nonzero, torch.ops.aten._local_scalar_dense)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("size", [32, 96, 384])
def test_a_gpu_is_waited_for_a_few_times_however_long_the_rays(size):
    labels = as_batch(np.full((size, size), 5), stripes(size))
    with Waits() as waits:
        head().targets(labels)
    # Once for the deepest pixel, the highest label, the foreground and the first window; then as it doubles.
    assert 4 <= waits.count <= 5 + max(0, math.log2(size / WINDOW))


def test_probability_matches_a_distance_transform_of_each_cell():
    labels = np.pad(patches(40, 30, seed=1), 1)  # for scipy the image's edge is no border either
    expected = np.zeros(labels.shape)
    for number in np.unique(labels)[1:]:
        depth = ndimage.distance_transform_edt(labels == number)
        expected += depth / depth.max()
    assert_allclose(probability(labels), expected, rtol=1e-6)


def test_touching_cells_have_a_border_between_them():
    labels = np.repeat([[1, 1, 1, 2, 2, 2]], 5, axis=0)
    assert lengths(labels)[[RIGHT, LEFT], 2, 2].tolist() == [0.5, 2.5]
    assert_allclose(probability(labels)[2], [1, 2 / 3, 1 / 3, 1 / 3, 2 / 3, 1])


def test_numbers_of_cells_mean_nothing():
    labels = patches(33, 47, seed=2)
    _, renumbered = np.unique(labels, return_inverse=True)
    given, expected = head().targets(as_batch(labels, renumbered))
    assert_array_equal(given, expected)


def test_images_of_a_batch_have_nothing_to_do_with_each_other():
    images = [patches(33, 47, seed=3), patches(33, 47, seed=4), np.ones((33, 47)), np.zeros((33, 47))]
    together = head().targets(as_batch(*images))
    for image, targets in zip(images, together, strict=True):
        assert_array_equal(targets, head().targets(as_batch(image))[0])


def test_rays_end_at_the_edge_which_is_no_border():
    labels = np.zeros((8, 8), np.int32)
    labels[:, :4] = 1
    assert lengths(labels)[[RIGHT, DOWN, LEFT, UP], 2, 0].tolist() == [3.5, 5.5, 0.5, 2.5]
    assert probability(labels)[0].tolist() == [1, 0.75, 0.5, 0.25, 0, 0, 0, 0]


def test_the_edge_is_the_border_of_a_cell_that_fills_the_image():
    assert_allclose(
        probability(np.full((3, 5), 9)), np.array([[1, 1, 1, 1, 1], [1, 2, 2, 2, 1], [1] * 5]) / 2
    )


@pytest.mark.parametrize("reflected", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_the_orientation_is_inverted(turns, reflected):
    labels = as_batch(patches(31, 43, seed=5))
    turned = torch.rot90(labels.flip(-1) if reflected else labels, turns, dims=(-2, -1))
    as_picture = torch.rot90(head().targets(turned), -turns, dims=(-2, -1))
    back = head().invert_orientation(as_picture.flip(-1) if reflected else as_picture, turns, reflected)
    # With sides of 3 n + 1 every third pixel is the same ones from either side.
    assert_allclose(back, head().targets(labels), rtol=1e-6)


def raw_outputs(targets: torch.Tensor) -> torch.Tensor:
    """What a perfect net gives: the outputs that `maps` turns into the targets, nearly."""
    outputs = torch.logit(targets, eps=1e-6)
    scaled = targets[:, 1:-1].clamp(min=1e-3) / UNIT
    outputs[:, 1:-1] = torch.log(torch.expm1(scaled)).nan_to_num()
    return outputs


def test_maps_undo_the_outputs():
    targets = head().targets(as_batch(patches(31, 43, seed=6)))
    outputs = raw_outputs(targets)
    maps = head().maps(outputs.double())
    assert maps.dtype == torch.float32
    given = torch.isfinite(targets)
    assert_allclose(maps[given], targets[given], atol=2e-3)
    assert (maps[:, 1:-1] > 0).all()
    assert_array_equal(head().foreground(outputs), maps[:, -1])


def test_a_perfect_net_has_no_loss_but_the_uncertainty_of_the_probability():
    targets = head().targets(as_batch(patches(31, 43, seed=6)))
    losses = head().loss(raw_outputs(targets), targets)
    assert losses["distance"].item() < 1e-3
    assert losses["foreground"].item() < 1e-4
    p = targets[:, 0].clamp(1e-6, 1 - 1e-6)
    entropy = -(p * p.log() + (1 - p) * (1 - p).log()).mean()
    assert losses["probability"].item() == pytest.approx(entropy.item(), abs=1e-4)


def by_hand() -> tuple[torch.Tensor, torch.Tensor]:
    """Two pixels of the lattice with probabilities 1 and 0.5 and errors of 2 and 8 pixels, and one off it."""
    targets = torch.full((1, RAYS + 2, 1, 4), math.nan)
    targets[0, 0, 0] = torch.tensor([1.0, 0.0, 0.0, 0.5])
    targets[0, -1, 0] = torch.tensor([1.0, 0.0, 0.0, 1.0])
    outputs = torch.zeros(1, RAYS + 2, 1, 4)
    targets[0, 1:-1, 0, ::EVERY] = UNIT * math.log(2) + torch.tensor([2.0, -8.0])
    return outputs, targets


def test_loss_by_hand():
    losses = {name: term.item() for name, term in head().loss(*by_hand()).items()}
    assert losses["probability"] == pytest.approx(math.log(2))
    assert losses["distance"] == pytest.approx((1 * 2 + 0.5 * 8) / 1.5)
    assert losses["foreground"] == pytest.approx(math.log(2) + 1 - 2 * 1 / (2 + 2), abs=1e-4)
    expected = losses["probability"] + losses["distance"] + losses["foreground"]
    assert losses["loss"] == pytest.approx(expected)


def test_terms_of_the_loss_are_weighted():
    losses = head(probability=2, distance=3, foreground=4).loss(*by_hand())
    expected = 2 * losses["probability"] + 3 * losses["distance"] + 4 * losses["foreground"]
    assert losses["loss"].item() == pytest.approx(expected.item())


def test_without_cells_the_distances_have_no_loss():
    targets = head().targets(as_batch(np.zeros((32, 32))))
    outputs = torch.zeros_like(targets).requires_grad_()
    losses = head().loss(outputs, targets)
    losses["loss"].backward()
    assert losses["distance"].item() == 0
    assert torch.isfinite(outputs.grad).all()


def test_the_same_bits_again():
    labels = as_batch(patches(64, 50, seed=7), patches(64, 50, seed=8))
    assert_array_equal(head().targets(labels), head().targets(labels))


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"distance": 0}, "greater than 0"), ({"dice": 1}, "valid keys: probability, distance, foreground")],
)
def test_weights_that_cannot_be(weights, message):
    with pytest.raises(InputError, match=message):
        validate(weights, "models.tiny.head", Settings)
