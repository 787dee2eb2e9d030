"""Image files as the arrays that they hold."""

import os
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import PIL.Image

from monolayer.errors import InputError
from monolayer.images import tiff
from monolayer.images.headers import is_tiff, read_header
from monolayer.images.planes import COLOURS, GREY, ORIENTATION, Plane, chosen_plane, oriented

TIFF_ENDINGS = (".tif", ".tiff")
IMAGE_ENDINGS = (*TIFF_ENDINGS, ".png", ".jpg", ".jpeg", ".bmp", ".webp")

_PALETTES_AND_INKS = ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV")  # Pillow's names


def decode_plane(path: Path, number: int | None = None) -> Plane:
    """Read one plane of an image file.

    Parameters
    ----------
    path
        TIFF (ImageJ's and OME's too), PNG, JPEG, BMP or WebP.
    number
        Which plane of a stack, a time series or a file of several images, from 0 on in the order of the
        file; None where there is one.

    Raises
    ------
    InputError
        The file is missing or no image, has several planes and no number is given, or has no such plane.
    """
    read_header(path)
    try:
        plane = (tiff.read_plane if is_tiff(path) else _read_picture)(path, number)
    except InputError:
        raise
    except Exception as error:  # decoders raise many types; each means that the file cannot be used
        raise _unreadable(path, error) from None
    if plane.pixels.dtype.kind not in "buif":
        raise InputError(
            f"{path} holds numbers of the type {plane.pixels.dtype}, not grey levels: save it as integers or "
            "floats"
        )
    return plane


def has_8_bits(path: Path) -> bool:
    """Say by its head alone whether a file's channels have 8 bits, or fewer.

    Raises
    ------
    InputError
        The file is missing or no image.
    """
    return read_header(path).bits <= 8


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).partition("\n")[0]  # imagecodecs adds what every other decoder says
    return InputError(f"{path} cannot be read as an image ({reason}): fetch it again or remove it")


def _read_picture(path: Path, number: int | None) -> Plane:
    with PIL.Image.open(path) as picture:
        # The second picture of a camera's JPEG (MPO) is a preview.
        frames = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
        picture.seek(chosen_plane(path, number, frames, f"{frames} frames of an animation"))
        orientation = _exif(picture, path).get(ORIENTATION, 1)
        if picture.mode in _PALETTES_AND_INKS or frames > 1:
            pixels = np.asarray(picture.convert("RGB"))
        else:  # Pillow would turn colour of 16 bits into 8
            pixels = np.asarray(imagecodecs.imread(path))
    pixels = oriented(pixels, orientation)
    if pixels.ndim == 2:
        return Plane(pixels[..., None], GREY)
    if pixels.shape[2] <= 2:  # the second says how opaque a pixel is
        return Plane(pixels[..., :1], GREY)
    return Plane(pixels[..., :3], COLOURS)


def _exif(picture: PIL.Image.Image, path: Path) -> PIL.Image.Exif:
    # Of a PNG Pillow would decode the pixels first, as there may be some behind them.
    if picture.format == "PNG" and not _has_chunks_behind_its_pixels(path):
        return PIL.Image.Image.getexif(picture)
    return picture.getexif()


def _has_chunks_behind_its_pixels(png: Path) -> bool:
    with png.open("rb") as file:
        file.seek(8)  # the signature
        previous = b""
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if previous == b"IDAT" != kind:
                return bool(kind != b"IEND")
            previous = kind
            file.seek(length + 4, os.SEEK_CUR)  # the sum behind it, too
    return False
