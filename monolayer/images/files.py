"""Image files read as grey levels, and written as images and masks."""

import os
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import decode
from monolayer.images.grey import to_grey


def read_image(path: Path, expected: Image | None = None) -> np.ndarray:
    """Read an image as grey levels.

    Parameters
    ----------
    path
        TIFF, PNG, JPEG, BMP or WebP; grey or colour (an alpha channel is ignored), 8 or 16 bit.
    expected
        What the annotation file says of the image; its width and height are checked.

    Returns
    -------
    numpy.ndarray
        uint8 [H, W]. Colour becomes luma (ITU-R BT.601); other types are scaled to 0..255 by the image's
        own range.

    Raises
    ------
    InputError
        The file is missing or unreadable, has more than one plane, or another size than expected.
    """
    image = to_grey(decode(path), path)
    if expected is not None and image.shape != (expected.height, expected.width):
        height, width = image.shape
        raise InputError(
            f"{path} is {width} x {height} pixels, but its annotations are for "
            f"{expected.width} x {expected.height}: fetch the image again or correct the annotation file"
        )
    return image


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
