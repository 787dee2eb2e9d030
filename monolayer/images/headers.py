"""What the header of an image file says, read and judged before a pixel is decoded."""

from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import PIL.Image
import tifffile

from monolayer.errors import InputError

MOST_PIXELS = 1 << 30
"""Pixels of an image: one of 32,768 x 32,768."""
MOST_BYTES = 1 << 31
"""Bytes of an image when it is decoded, with all its samples."""
LARGEST_RATIO = 1000
"""Decoded bytes for each byte of the file. Blank images reach it; microscopy reaches about 10."""
RATIO_FROM = 1 << 28
"""Decoded bytes up to which any ratio will do: blank images of usual sizes."""

# Pillow's own limit would refuse a slide of 13,400 x 13,400 pixels, here and where it is decoded: those above
# stand in its place.
PIL.Image.MAX_IMAGE_PIXELS = None

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the latter two are BigTIFF's
_OTHERS = ("PNG", "JPEG", "BMP", "WEBP")


class ImageHeader(NamedTuple):
    """Size and type of an image."""

    height: int
    width: int
    samples: int
    """Values of each pixel: 1 for grey and for palettes, 3 for colour, 4 with opacity."""
    bits: int
    """Of each sample, as the file has them, such as 12; of the page that has the most."""
    dtype: np.dtype
    """Of each sample when it is decoded."""
    pages: int
    """Pages of a TIFF, frames of an animation."""

    @property
    def decoded_bytes(self) -> int:
        """Bytes of one page when it is decoded."""
        return self.height * self.width * self.samples * self.dtype.itemsize


def read_header(path: Path) -> ImageHeader:
    """Read what an image file says of itself, and refuse what must not be decoded.

    Parameters
    ----------
    path
        TIFF or BigTIFF, PNG, JPEG, BMP or WebP; the content decides, not the name.

    Returns
    -------
    ImageHeader
        Of the first page.

    Raises
    ------
    InputError
        The file is missing, is none of these or is cut short in its header; the image has no pixels, or
        more than `MOST_PIXELS` or `MOST_BYTES`; or so small a file cannot hold so large an image.
    """
    try:
        header = _of_tiff(path) if is_tiff(path) else _of_picture(path)
    except FileNotFoundError:
        raise InputError(f"{path} not found") from None
    except Exception as error:  # the libraries raise many types; each means that the header cannot be used
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{path} cannot be read as an image ({reason}; expected TIFF, PNG, JPEG, BMP or WebP): fetch it "
            "again or remove it"
        ) from None
    _require_usual_size(header, path)
    return header


def is_tiff(path: Path) -> bool:
    """Say by its first bytes whether a file is a TIFF or BigTIFF."""
    with path.open("rb") as file:
        return file.read(4) in _TIFF


def _of_tiff(path: Path) -> ImageHeader:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.dtype is None:
            raise ValueError(f"samples of {page.bitspersample} bits and format {page.sampleformat}")
        bits = max(
            np.max(cast(tifffile.TiffPage, own.keyframe).bitspersample) for own in file.pages
        )  # samples and pages may differ
        size = (page.imagelength, page.imagewidth, page.samplesperpixel)
        return ImageHeader(*size, int(bits), np.dtype(page.dtype), len(file.pages))


def _of_picture(path: Path) -> ImageHeader:
    with PIL.Image.open(path, formats=_OTHERS) as picture:
        bits = _bits_of_png(path) if picture.format == "PNG" else 8
        dtype = np.dtype(np.uint16 if bits > 8 else np.uint8)
        samples, pages = len(picture.getbands()), getattr(picture, "n_frames", 1)
        return ImageHeader(picture.height, picture.width, samples, bits, dtype, pages)


def _bits_of_png(path: Path) -> int:
    # Pillow calls colour of 16 bits RGB, as it would decode it to 8.
    with path.open("rb") as file:
        return file.read(25)[24]


def _require_usual_size(header: ImageHeader, path: Path) -> None:
    size = f"{path} is {header.width:,} x {header.height:,} pixels"
    unpacked = header.decoded_bytes
    if unpacked <= 0:
        raise InputError(f"{size}: it has nothing to see. Fetch it again or remove it")
    if header.height * header.width > MOST_PIXELS or unpacked > MOST_BYTES:
        raise InputError(
            f"{size} with {header.samples} x {header.bits} bits, {unpacked / 1e9:,.1f} GB when decoded: at "
            f"most {MOST_PIXELS:,} pixels and {MOST_BYTES / 1e9:.1f} GB are read. Cut it into tiles"
        )
    stored, unpacked = path.stat().st_size, unpacked * header.pages
    if unpacked > max(RATIO_FROM, LARGEST_RATIO * stored):
        raise InputError(
            f"{size} on {header.pages} pages, {unpacked / 1e9:,.1f} GB when decoded, in {stored:,} bytes: it "
            "is blank or meant to fill the memory. Remove it"
        )
