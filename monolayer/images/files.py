"""Image files read as grey levels, and written as images and masks."""

import os
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
import tifffile

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import decode_plane
from monolayer.images.grey import Limits, channel_of, grey_levels, grey_limits, not_finite


def read_channel(path: Path, channel: str = "auto", plane: int | None = None) -> np.ndarray:
    """Read one channel of one plane, [H, W] of the file's type; see `decode_plane` and `channel_of`."""
    return channel_of(decode_plane(path, plane), channel, path)


class GreyImage(NamedTuple):
    """An image file, read."""

    levels: np.ndarray
    """Grey levels, uint8 [H, W] or float32 [H, W] in 0..255; see `monolayer.images.grey.grey_levels`."""
    limits: Limits | None
    """The values of the file that are the grey levels 0 and 255; None of 8 bits, which are not changed."""
    not_finite: int
    """Number of pixels that are not a number or infinite, and were read as if they were not there."""


def read_grey_image(path: Path, expected: Image | None = None) -> GreyImage:
    """Read an image as grey levels, and tell how; parameters and errors as those of `read_image`."""
    values = read_channel(path, expected.channel, expected.plane) if expected else read_channel(path)
    if expected is not None and values.shape != (expected.height, expected.width):
        height, width = values.shape
        raise InputError(
            f"{path} is {width} x {height} pixels, but its annotations are for "
            f"{expected.width} x {expected.height}: fetch the image again or correct the annotation file"
        )
    unknown = not_finite(values)
    if unknown == values.size:
        raise InputError(f"{path} has no pixel that is a number: save it again or remove it")
    limits = expected.limits if expected and expected.limits else grey_limits(values)
    return GreyImage(grey_levels(values, limits), limits, unknown)


def read_image(path: Path, expected: Image | None = None) -> np.ndarray:
    """Read an image as grey levels.

    Parameters
    ----------
    path
        TIFF, PNG, JPEG, BMP or WebP; grey or colour (an alpha channel is ignored), of any type.
    expected
        What the annotation file says of the image: which channel and plane it is, and its limits, which are
        found anew where they are not recorded; its width and height are checked.

    Returns
    -------
    numpy.ndarray
        uint8 [H, W] of a file of 8 bits, as they are; else float32 [H, W] in 0..255, scaled as
        `monolayer.images.grey` describes. Colour becomes luma where `expected` asks for nothing else.

    Raises
    ------
    InputError
        The file is missing or unreadable, has no pixel that is a number, another size than expected, or
        several planes or channels without a word which is meant.
    """
    return read_grey_image(path, expected).levels


def read_pixel_map(path: Path, image: Image) -> np.ndarray:
    """Read a mask or probabilities of an image, uint8 [H, W], as a stage wrote them.

    Channel, plane and limits are those of the image's own file: they say nothing of this one.

    Raises
    ------
    InputError
        The file is missing or unreadable, or has another size than the image.
    """
    return read_image(path, Image(image.id, image.file_name, image.width, image.height))


def write_tiff(path: Path, image: np.ndarray, compression: str = "zlib") -> None:
    """Write one plane as TIFF, byte for byte the same on every machine (no date, no program name)."""
    options = {"level": 1} if compression == "zlib" else None
    tifffile.imwrite(
        path, image, compression=compression, compressionargs=options, metadata=None, software=False
    )


def write_png(path: Path, image: np.ndarray) -> None:
    """Write uint8 [H, W] or [H, W, 3] as PNG."""
    path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(image), level=1))


def write_mask(path: Path, mask: np.ndarray) -> None:
    """Write bool [H, W] as PNG with 0 and 255."""
    pixels = np.where(mask, np.uint8(255), np.uint8(0))
    # Run lengths without a filter take a quarter of the default's time, for half the bytes.
    path.write_bytes(imagecodecs.png_encode(pixels, level=1, strategy=_RUN_LENGTHS, filter=_NO_FILTER))


_RUN_LENGTHS = 3  # zlib's Z_RLE
_NO_FILTER = 0x08  # libpng's PNG_FILTER_NONE


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    os.replace(partial, path)
