"""Label images as other programs write them."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from monolayer.errors import InputError
from monolayer.images.label_files import read_label_image

LABELS = np.zeros((9, 12), np.uint16)
LABELS[1:4, 2:6], LABELS[5:8, 2:6], LABELS[1:3, 9:11] = 1, 2, 7
COLOURS = np.stack([LABELS] * 3, axis=-1).astype(np.uint8)
TAKEN_FOR_WHITE = {"photometric": "miniswhite"}

Write = Callable[[Path], object]


def palette(path: Path) -> None:
    image = Image.fromarray(LABELS.astype(np.uint8), mode="P")
    image.putpalette([7 * value % 256 for value in range(768)])
    image.save(path)


def with_exif_orientation(path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(LABELS.astype(np.uint8)).save(path, exif=exif)


READ: dict[str, tuple[str, Write]] = {
    "8-bit PNG": ("a.png", lambda path: Image.fromarray(LABELS.astype(np.uint8)).save(path)),
    "16-bit PNG": ("a.png", lambda path: Image.fromarray(LABELS).save(path)),
    "capital letters": ("A.PNG", lambda path: Image.fromarray(LABELS).save(path, "PNG")),
    "palette PNG": ("a.png", palette),
    "palette TIFF": ("a.tif", palette),
    "palette BMP": ("a.bmp", palette),
    "EXIF orientation": ("a.png", with_exif_orientation),
    "R=G=B PNG": ("a.png", lambda path: Image.fromarray(COLOURS).save(path)),
    "R=G=B TIFF": ("a.tif", lambda path: tifffile.imwrite(path, COLOURS)),
    "R=G=B in planes": (
        "a.tif",
        lambda path: tifffile.imwrite(
            path, np.moveaxis(COLOURS, -1, 0).copy(), photometric="rgb", planarconfig="separate"
        ),
    ),
    "R=G=B of 16 bit": (
        "a.png",
        lambda path: path.write_bytes(imagecodecs.png_encode(COLOURS.astype(np.uint16))),
    ),
    "R=G=B with alpha": (
        "a.png",
        lambda path: Image.fromarray(np.dstack([COLOURS, np.full_like(COLOURS[..., 0], 255)])).save(path),
    ),
    "grey with alpha": (
        "a.png",
        lambda path: Image.fromarray(np.dstack([COLOURS[..., 0], np.full((9, 12), 255, np.uint8)])).save(
            path
        ),
    ),
    "lossless WebP": ("a.webp", lambda path: Image.fromarray(COLOURS).save(path, lossless=True)),
    "ImageJ's 32 bit": ("a.tif", lambda path: tifffile.imwrite(path, LABELS.astype(np.float32), imagej=True)),
    "ImageJ's hyperstack": (
        "a.tif",
        lambda path: tifffile.imwrite(path, LABELS[None, None], imagej=True, metadata={"axes": "TZYX"}),
    ),
    "OME-TIFF of tiles": (
        "a.ome.tif",
        lambda path: tifffile.imwrite(path, LABELS, ome=True, tile=(16, 16), compression="lzw"),
    ),
    "MinIsWhite": ("a.tif", lambda path: tifffile.imwrite(path, LABELS, **TAKEN_FOR_WHITE)),
    "[1, H, W] TIFF": ("a.tif", lambda path: tifffile.imwrite(path, LABELS[None])),
    "uint32 TIFF": ("a.tif", lambda path: tifffile.imwrite(path, LABELS.astype(np.uint32))),
    "int64 array": ("a.npy", lambda path: np.save(path, LABELS.astype(np.int64))),
    "float64 array": ("a.npy", lambda path: np.save(path, LABELS.astype(np.float64))),
    "[1, H, W] array": ("a.npy", lambda path: np.save(path, LABELS[None])),
    "[H, W, 1] array": ("a.npy", lambda path: np.save(path, LABELS[..., None])),
}


@pytest.mark.parametrize("kind", READ)
def test_labels_are_read_as_they_stand(kind: str, tmp_path: Path) -> None:
    name, write = READ[kind]
    write(tmp_path / name)
    labels = read_label_image(tmp_path / name, LABELS.shape, "correct it")
    assert labels.dtype.kind in "iu"
    assert_array_equal(labels, LABELS)


def test_truth_values_are_read_as_such(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", LABELS > 0)
    np.save(tmp_path / "a.npy", LABELS > 0)
    for name in ("a.tif", "a.npy"):
        labels = read_label_image(tmp_path / name, LABELS.shape, "correct it")
        assert labels.dtype == bool
        assert_array_equal(labels, LABELS > 0)


def test_large_numbers_are_kept(tmp_path: Path) -> None:
    large = LABELS.astype(np.int64) * 70_000
    np.save(tmp_path / "a.npy", large)
    tifffile.imwrite(tmp_path / "a.tif", large.astype(np.uint32))
    for name in ("a.tif", "a.npy"):
        assert_array_equal(read_label_image(tmp_path / name, LABELS.shape, "correct it"), large)


GREY = COLOURS[..., 0]
LOSSY: dict[str, tuple[str, Write]] = {
    "JPEG": ("a.jpg", lambda path: Image.fromarray(GREY).save(path)),
    "JPEG that is called PNG": ("a.png", lambda path: Image.fromarray(GREY).save(path, "JPEG")),
    "JPEG in TIFF": ("a.tif", lambda path: tifffile.imwrite(path, GREY, compression="jpeg")),
    "lossy WebP": ("a.webp", lambda path: Image.fromarray(COLOURS).save(path, quality=90)),
}


@pytest.mark.parametrize("kind", LOSSY)
def test_files_that_lose_numbers_are_refused(kind: str, tmp_path: Path) -> None:
    name, write = LOSSY[kind]
    write(tmp_path / name)
    what = "lossy WebP" if "WebP" in kind else "JPEG"
    with pytest.raises(InputError, match=rf"{name} is compressed as {what}, which .*as PNG or TIFF; correct"):
        read_label_image(tmp_path / name, LABELS.shape, "correct it")


REFUSED: dict[str, tuple[str, Write, str]] = {
    "colours": (
        "a.png",
        lambda path: Image.fromarray(COLOURS * np.array([40, 13, 5], np.uint8)).save(path),
        r"has shape \(9, 12, 3\), its image \(9, 12\): colours that differ between channels are no labels",
    ),
    "a stack": (
        "a.tif",
        lambda path: tifffile.imwrite(path, np.stack([LABELS] * 5), photometric="minisblack"),
        r"has shape \(5, 9, 12\), its image \(9, 12\): correct it",
    ),
    "turned": ("a.npy", lambda path: np.save(path, LABELS.T), r"has shape \(12, 9\), its image \(9, 12\)"),
    "fractions": ("a.npy", lambda path: np.save(path, LABELS / 2), "holds float64 from 0.0 on"),
    "NaN": (
        "a.npy",
        lambda path: np.save(path, np.where(LABELS, LABELS, np.nan)),
        "holds float64 from nan on",
    ),
    "negative": ("a.npy", lambda path: np.save(path, LABELS.astype(int) - 1), "holds int64 from -1 on"),
    "texts": ("a.npy", lambda path: np.save(path, LABELS.astype(str)), "holds <U5: labels are"),
    "pickled": (
        "a.npy",
        lambda path: np.save(path, np.array({"masks": LABELS}), allow_pickle=True),
        "cannot be read as an array",
    ),
    "no image": ("a.tif", lambda path: path.write_bytes(b"II*\0 and more"), "cannot be read as an image"),
    "no PNG": ("a.png", lambda path: path.write_bytes(b"text"), "cannot be read as an image"),
    "missing": ("a.png", lambda path: None, "not found; correct it"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_label_image(kind: str, tmp_path: Path) -> None:
    name, write, message = REFUSED[kind]
    write(tmp_path / name)
    with pytest.raises(InputError, match=rf"{name} {message}") as raised:
        read_label_image(tmp_path / name, LABELS.shape, "correct it")
    assert "correct it" in str(raised.value)


def test_headers_of_label_images_are_judged_before_they_are_decoded(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        rows = iter(np.zeros((1 << 10, 1 << 15), np.uint16) for _ in range(33))
        file.write(
            rows, shape=(33 << 10, 1 << 15), dtype=np.uint16, compression="zlib", tile=(1 << 10, 1 << 15)
        )
    with pytest.raises(InputError, match=r"a\.tif is 32,768 x 33,792 pixels .*; correct it"):
        read_label_image(tmp_path / "a.tif", (33 << 10, 1 << 15), "correct it")
