import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates

from monolayer.training.crop_coordinates import interpolated, mirror_image, reflected, told_apart, warped


def test_reflection_is_that_of_numpy():
    expected = np.pad(np.arange(5), (7, 8), mode="symmetric")
    assert_array_equal(reflected(torch.arange(-7, 13), torch.tensor(5)), expected)


def test_without_a_turn_every_pixel_stays():
    rows, columns = torch.arange(3, 9)[None], torch.arange(5, 11)[None]
    down, across = warped(rows, columns, angle=torch.zeros(1), step=torch.ones(1))
    assert_allclose(down, rows[:, :, None].expand(1, 6, 6))
    assert_allclose(across, columns[:, None, :].expand(1, 6, 6))


def test_a_quarter_turn_and_a_stretch():
    lines = torch.tensor([[0, 1, 2]])
    down, across = warped(lines, lines, angle=torch.tensor([torch.pi / 2]), step=torch.tensor([2.0]))
    assert_allclose(down[0], [[3, 1, -1]] * 3, atol=1e-6)
    assert_allclose(across[0], [[-1] * 3, [1] * 3, [3] * 3], atol=1e-6)


def test_interpolation_is_that_of_scipy():
    rng = np.random.default_rng(0)
    images = [rng.integers(256, size=shape, dtype=np.uint8) for shape in ((9, 7), (6, 11))]
    pixels = torch.from_numpy(np.concatenate([image.ravel() for image in images]))
    coordinates = rng.uniform(-8, 16, (2, 2, 5, 5)).astype(np.float32)  # (rows or columns, crop, S, S)
    first, height, width = (torch.tensor(of)[:, None, None] for of in ([0, 63], [9, 6], [7, 11]))
    found = interpolated(pixels, first, (height, width), tuple(torch.from_numpy(coordinates)))
    for crop, image in enumerate(images):
        expected = map_coordinates(image.astype(float), coordinates[:, crop], order=1, mode="reflect")
        assert_allclose(found[crop], expected, atol=1e-3)


def test_no_two_mirror_images_share_a_number():
    rows, columns = torch.arange(-7, 13), torch.arange(-20, 9)
    down, across = mirror_image(rows, torch.tensor(5)), mirror_image(columns, torch.tensor(4))
    labels = (
        1
        + torch.arange(20).view(5, 4)[reflected(rows, torch.tensor(5))][
            :, reflected(columns, torch.tensor(4))
        ]
    )
    found = told_apart(labels.int()[None], down[None, :, None], across[None, None])[0]
    assert len(found.unique()) == found.numel()
    inside = (rows >= 0) & (rows < 5), (columns >= 0) & (columns < 4)
    assert_array_equal(found[inside[0]][:, inside[1]], np.arange(1, 21).reshape(5, 4))
