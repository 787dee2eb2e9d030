"""From values of any type to grey levels: what is kept, and what must not change it."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import DTypeLike

from monolayer.errors import InputError
from monolayer.images.grey import channel_of, grey_levels, grey_limits, not_finite
from monolayer.images.planes import COLOURS, GREY, Plane

SHAPE = (256, 320)
TYPES = [np.uint16, np.int16, np.int32, np.uint32, np.float32, np.float64]


def field(dtype: DTypeLike, seed: int = 0) -> np.ndarray:
    """Noise, and twelve discs that are brighter and rougher, between 300 and 1,400."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(SHAPE)
    image = rng.normal(400, 15, SHAPE)
    for row, column in zip(rng.integers(20, 230, 12), rng.integers(20, 300, 12), strict=True):
        disc = (rows - row) ** 2 + (columns - column) ** 2 < 14**2
        image[disc] = rng.normal(1000, 40, disc.sum())
    return image.astype(dtype)


def levels(values: np.ndarray) -> np.ndarray:
    return grey_levels(values, grey_limits(values))


@pytest.mark.parametrize("dtype", TYPES)
def test_the_range_is_kept(dtype: DTypeLike) -> None:
    image = field(dtype)
    grey = levels(image)
    assert grey.dtype == np.float32
    assert (grey.min(), grey.max()) == (0, 255)
    inside = (grey > 0) & (grey < 255)
    assert inside.mean() > 0.995
    slope, start = np.polyfit(image[inside].astype(float), grey[inside], 1)
    assert (
        np.abs(slope * image[inside] + start - grey[inside]).max() < 0.13
    )  # float16 in 128..255: steps of 1/8


def test_a_narrow_range_of_16_bits_keeps_its_levels() -> None:
    few = np.random.default_rng(0).integers(1000, 1150, SHAPE).astype(np.uint16)
    few[:40, :40] = np.random.default_rng(1).integers(1000, 60000, (40, 40))  # one bright cell
    assert len(np.unique(levels(few)[100:])) >= 140


def test_float16_survives_being_stored() -> None:
    grey = levels(field(np.float64))
    assert np.array_equal(grey, grey.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("values", [field(np.uint16).astype(np.uint8), np.full((3, 4), 7, np.uint8)])
def test_8_bits_are_not_changed(values: np.ndarray) -> None:
    assert grey_limits(values) is None
    assert levels(values) is values


def test_one_bit_is_black_and_white() -> None:
    assert levels(np.array([[False, True]])).tolist() == [[0, 255]]


@pytest.mark.parametrize("value", [0, 4000])
def test_a_flat_image_is_black(value: int) -> None:
    assert levels(np.full((20, 20), value, np.uint16)).tolist() == np.zeros((20, 20)).tolist()


def spoiled(name: str, image: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image with a fault, and where it is not."""
    rng = np.random.default_rng(number)
    height, width = image.shape
    where = np.zeros(image.shape, bool)
    row, column = (int(rng.integers(0, side - 8)) for side in image.shape)
    value: float = 65535
    match name:
        case "hot pixel":
            where[row, column] = True
        case "hot pixel in a corner":
            where[-(number % 2), -(number // 2 % 2)] = True
        case "hot pixel at an edge":
            where[0 if number % 2 else row, column if number % 2 else -1] = True
        case "warm pixel":
            where[row, column], value = True, float(image.max()) * 1.5
        case "dead pixel":
            where[row, column], value = True, 0
        case "saturated speck":
            where[row : row + 6, column : column + 6] = True
        case "white bar" | "black bar":
            where[height - 14 : height - 9, width - 90 : width - 10] = True
            value = 65535 if name == "white bar" else 0
        case "dead column":
            where[:, column], value = True, 0
        case "dead row":
            where[row], value = True, 0
        case "hot pixels of several values":
            rows, columns = rng.integers(0, height, 5), rng.integers(0, width, 5)
            where[rows, columns] = True
            image = image.copy()
            image[where] = rng.integers(3000, 60000, where.sum())
            return image, ~where
    image = image.copy()
    image[where] = value
    return image, ~where


FAULTS = [
    "hot pixel",
    "hot pixel in a corner",
    "hot pixel at an edge",
    "warm pixel",
    "dead pixel",
    "saturated speck",
    "white bar",
    "black bar",
    "dead column",
    "dead row",
    "hot pixels of several values",
]


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_does_not_change_the_other_pixels(name: str, dtype: DTypeLike) -> None:
    for number in range(6):
        image = field(dtype, seed=number)
        broken, sound = spoiled(name, image, number)
        assert np.abs(levels(broken) - levels(image))[sound].max() <= 1, number


@pytest.mark.parametrize("value", [0, 65535])
@pytest.mark.parametrize("padding", [((30, 0), (0, 0)), ((15, 15), (40, 40)), ((0, 60), (0, 0))])
def test_an_empty_border_does_not_change_the_image(
    padding: tuple[tuple[int, int], tuple[int, int]], value: int
) -> None:
    image = field(np.uint16)
    inner = levels(np.pad(image, padding, constant_values=value))
    (top, _), (left, _) = padding
    inner = inner[top : top + SHAPE[0], left : left + SHAPE[1]]
    assert np.abs(inner - levels(image)).max() <= 1


def test_a_background_of_one_value_is_no_border() -> None:
    image = np.full(SHAPE, 100, np.uint16)
    image[50:120, 50:120] = np.random.default_rng(0).integers(400, 600, (70, 70))
    grey = levels(image)
    assert grey[0, 0] == 0
    assert grey[50:120, 50:120].min() > 120  # 300 of the 500 between them


def test_steps_of_few_values_are_not_left_out() -> None:
    image = np.repeat(np.arange(0, 65536, 4369, dtype=np.uint16), 40)[None].repeat(30, axis=0)
    assert len(np.unique(levels(image))) == 16


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_not_a_number_does_not_count(dtype: DTypeLike) -> None:
    image = (field(np.float64) / 10).astype(dtype)
    broken = image.copy()
    broken[5, 5], broken[6, 6], broken[7, 7] = np.nan, np.inf, -np.inf
    broken[:, 100] = np.nan
    grey = levels(broken)
    assert not_finite(broken) == SHAPE[0] + 3
    assert grey[[5, 6, 7], [5, 6, 7]].tolist() == [0, 255, 0]
    assert (grey[:, 100] == 0).all()
    known = np.isfinite(broken)
    assert np.abs(grey - levels(image))[known].max() <= 1


def test_an_image_of_nothing_else_has_no_limits() -> None:
    assert grey_limits(np.full((4, 4), np.nan)) is None


def test_grains_all_over_an_image_are_part_of_it() -> None:
    image = np.arange(1000, 1144, dtype=np.uint16).reshape(12, 12)
    for row in (2, 8):
        for column in (2, 8):
            image[row : row + 2, column : column + 2] = 60000  # apart, but nothing is left away from them
    assert grey_limits(image) == (1000, 60000)


@pytest.mark.parametrize("rows", [1, 2, 7, SHAPE[0] - 1])
def test_bands_change_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image = field(np.float32)
    image[-30:] = 0  # a border
    image[[0, 0, 40], [0, 60, 50]] = 70000  # hot pixels
    image[10:20, 10:20] = np.nan
    colours = np.stack([field(np.uint16, seed) for seed in range(3)], axis=2)

    def read() -> tuple[np.ndarray, np.ndarray]:
        return levels(image), channel_of(Plane(colours, COLOURS), "auto", Path("a.tif"))

    whole = read()
    monkeypatch.setattr("monolayer.images.grey._ROWS", rows)
    for expected, found in zip(whole, read(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_large_image_takes_little_memory() -> None:
    image = np.tile(field(np.uint16), (40, 2))
    tracemalloc.start()
    levels(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * image.size  # bytes, of which the result has four


def test_extreme_numbers() -> None:
    image = field(np.float64)
    broken = image.copy()
    broken[:20] = np.finfo(np.float64).min  # what maps write where they know nothing
    assert np.abs(levels(broken)[20:] - levels(image[20:])).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (5000, 3)])
def test_images_of_any_size(shape: tuple[int, int]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    grey = levels(image)
    assert grey.shape == shape
    assert (np.diff(grey.ravel()) >= 0).all()


PLANES = {
    "colour": Plane(np.array([[[255, 0, 0], [10, 20, 60]]], np.uint8), COLOURS),
    "grey": Plane(np.array([[[9], [5]]], np.uint8), GREY),
    "stained": Plane(np.array([[[1, 2], [3, 4]]], np.uint8), ("DAPI", "FITC")),
}


@pytest.mark.parametrize(
    ("plane", "channel", "expected"),
    [
        ("colour", "auto", [76, 22]),  # .299 R + .587 G + .114 B
        ("colour", "red", [255, 10]),
        ("colour", "blue", [0, 60]),
        ("colour", "1", [0, 20]),
        ("colour", "mean", [85, 30]),
        ("grey", "auto", [9, 5]),
        ("grey", "red", [9, 5]),
        ("grey", "mean", [9, 5]),
        ("grey", "0", [9, 5]),
        ("stained", "1", [2, 4]),
        ("stained", "dapi", [1, 3]),
        ("stained", "mean", [2, 4]),  # 1.5 and 3.5, to even
    ],
)
def test_channels(plane: str, channel: str, expected: list[int]) -> None:
    grey = channel_of(PLANES[plane], channel, Path("a.tif"))
    assert grey.dtype == np.uint8
    assert grey.tolist() == [expected]


def test_luma_of_16_bits_is_not_rounded() -> None:
    plane = Plane(np.array([[[1000, 1001, 1000]]], np.uint16), COLOURS)
    assert channel_of(plane, "auto", Path("a.png")).item() == pytest.approx(1000.587)


@pytest.mark.parametrize(
    ("plane", "channel", "message"),
    [
        (
            "stained",
            "auto",
            r"a\.tif has several channels: it holds DAPI, FITC\. For own data set `channel`",
        ),
        ("stained", "red", r"a\.tif has no channel 'red': it holds DAPI, FITC"),
        ("colour", "3", r"a\.tif has no channel '3': it holds red, green, blue"),
        ("grey", "1", r"a\.tif has no channel '1': it holds grey"),
    ],
)
def test_channels_that_are_not_there(plane: str, channel: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        channel_of(PLANES[plane], channel, Path("a.tif"))
