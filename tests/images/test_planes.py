"""Stacks, time series, channels and previews: which plane of a file is read."""

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import tifffile
from tiffs import DEEP, GREY, tiff

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import decode_plane
from monolayer.images.files import read_image


def hyperstack(folder: Path, shape: tuple[int, ...], axes: str, kind: str, **options: Any) -> np.ndarray:
    stack = np.random.default_rng(5).integers(0, 256, (*shape, 48, 64), np.uint8)
    metadata = {"axes": f"{axes}YX"}
    if kind == "ome":
        metadata["Channel"] = {"Name": ["DAPI", "FITC"]}  # type: ignore[assignment]
    tifffile.imwrite(folder / "a.tif", stack, metadata=metadata, **{kind: True}, **options)
    return stack


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_imagej_hyperstack(compression: str | None, tmp_path: Path) -> None:
    stack = hyperstack(tmp_path, (3, 4, 2), "TZC", "imagej", compression=compression)
    path = tmp_path / "a.tif"
    with pytest.raises(
        InputError,
        match=r"a\.tif holds 12 planes, not one: 3 times of 4 slices of 2 channels of 64 x 48 pixels, "
        r"uint8\. For own data set `frame` to the one that is meant, 0 to 11 by their order there",
    ):
        read_image(path)
    with pytest.raises(InputError, match=r"a\.tif has several channels: it holds 0, 1\."):
        read_image(path, Image(1, "a.tif", 64, 48, plane=5))
    for plane in range(12):
        image = Image(1, "a.tif", 64, 48, channel="1", plane=plane)
        assert np.array_equal(read_image(path, image), stack[plane // 4, plane % 4, 1])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_ome_tiff(compression: str | None, tmp_path: Path) -> None:
    stack = hyperstack(tmp_path, (2, 3), "CT", "ome", photometric="minisblack", compression=compression)
    for plane in range(3):
        image = Image(1, "a.tif", 64, 48, channel="fitc", plane=plane)
        assert np.array_equal(read_image(tmp_path / "a.tif", image), stack[1, plane])


def test_an_ome_tiff_of_one_plane(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", DEEP[None, None], ome=True, metadata={"axes": "CZYX"})
    assert np.array_equal(decode_plane(tmp_path / "a.ome.tif").pixels[..., 0], DEEP)


def test_pages_without_names(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY, GREY[::-1])
    with pytest.raises(InputError, match=r"holds 2 planes, not one: 2 pages of 64 x 48 pixels, uint8"):
        read_image(path)
    assert np.array_equal(read_image(path, Image(1, "a.tif", 64, 48, plane=1)), GREY[::-1])
    with pytest.raises(InputError, match=r"a\.tif has no plane 2: it holds 2, counted from 0"):
        read_image(path, Image(1, "a.tif", 64, 48, plane=2))


def test_pages_of_several_kinds(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY[::4, ::4], DEEP)
    with pytest.raises(
        InputError, match=r"holds 2 planes, not one: 16 x 12 pixels, uint8; 64 x 48 pixels, uint16"
    ):
        read_image(path)
    assert np.array_equal(decode_plane(path, 1).pixels[..., 0], DEEP)


def test_a_preview_that_says_so_is_passed_over(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(GREY[::4, ::4], subfiletype=1, metadata=None)
        file.write(GREY, metadata=None)
    assert np.array_equal(read_image(tmp_path / "a.tif"), GREY)


def test_two_channels_in_each_pixel(tmp_path: Path) -> None:
    both = np.dstack([GREY, GREY[::-1]])
    path = tiff(tmp_path, both, photometric="minisblack", planarconfig="contig")
    with pytest.raises(
        InputError, match=r"a\.tif has several channels: it holds 0, 1\. For own data set `channel`"
    ):
        read_image(path)
    assert np.array_equal(read_image(path, Image(1, "a.tif", 64, 48, channel="1")), GREY[::-1])
    path = tiff(tmp_path, both, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    assert np.array_equal(read_image(path), GREY)


def test_an_animation(tmp_path: Path) -> None:
    frames = [PIL.Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (10, 200)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(InputError, match=r"a\.webp holds 2 planes, not one: 2 frames of an animation"):
        read_image(tmp_path / "a.webp")
    assert (read_image(tmp_path / "a.webp", Image(1, "a.webp", 8, 8, plane=1)) == 200).all()


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_truncated_stack(compression: str | None, tmp_path: Path) -> None:
    hyperstack(tmp_path, (3,), "T", "imagej", compression=compression)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) - 3000])
    with pytest.raises(InputError, match=r"a\.tif (cannot be read as an image|has no plane 2)"):
        read_image(tmp_path / "a.tif", Image(1, "a.tif", 64, 48, plane=2))
