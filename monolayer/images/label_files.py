"""Files of label images, read as they stand."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image as PillowImage

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import TIFF_ENDINGS
from monolayer.images.headers import read_header

ARRAY_ENDING = ".npy"
LABEL_ENDINGS = (*TIFF_ENDINGS, ".png", ".bmp", ".webp", ARRAY_ENDING)
"""Of files that keep whole numbers."""
LOSSY_ENDINGS = (".jpg", ".jpeg")


def read_labels(masks: Path, split: str, image: Image) -> np.ndarray:
    """Read the label image that the masks stage wrote for an image.

    Parameters
    ----------
    masks
        Folder of ``instance/{split}/{image id}.tif``.
    split
        ``train``, ``val`` or ``test``.
    image
        What the annotation file says of the image.

    Returns
    -------
    numpy.ndarray
        uint16 or uint32 [H, W], 0 = background.

    Raises
    ------
    InputError
        The file is missing or unreadable, has another size than the image, or holds no labels.
    """
    path = masks / "instance" / split / f"{image.id}.tif"
    remedy = "run the masks stage again"
    data = _bytes(path, remedy)
    return _labels(path, _decoded(path, data, remedy), (image.height, image.width), remedy)


def read_label_image(path: Path, shape: tuple[int, int], remedy: str) -> np.ndarray:
    """Read a label image that somebody else wrote.

    Its numbers count, not what they stand for on a screen: orientation tags and inverted grey levels are left
    alone, and of a palette the indices are read.

    Parameters
    ----------
    path
        TIFF, PNG, BMP or lossless WebP, or an array that numpy saved, ``.npy``. Axes of length one, whole
        numbers in a floating type, and colours that are equal in all channels will do.
    shape
        Height and width of its image in pixels.
    remedy
        What is to be done where it is not one; ends the error.

    Returns
    -------
    numpy.ndarray
        Integers or bool [H, W] from 0 on, as they stand in the file; 0 = background.

    Raises
    ------
    InputError
        The file is missing, unreadable or of a kind that loses numbers (JPEG), has another size than the
        image, or holds no labels.
    """
    data = _bytes(path, remedy)
    if kind := _lossy_kind(path, data):
        raise InputError(
            f"{path} is compressed as {kind}, which changes numbers, so that it holds no labels: save them "
            f"as PNG or TIFF; {remedy}"
        )
    return _labels(path, _decoded(path, data, remedy), shape, remedy)


def _bytes(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} not found; {remedy}") from None


def _lossy_kind(path: Path, data: bytes) -> str:
    """Return the name of a compression that changes numbers, or "" where the file has none."""
    if data[:2] == b"\xff\xd8":
        return "JPEG"
    if data[:4] == b"RIFF" and b"VP8L" not in data[:4096]:
        return "lossy WebP"
    if path.suffix.lower() in TIFF_ENDINGS:
        try:
            with tifffile.TiffFile(io.BytesIO(data)) as file:
                compression = file.pages.first.compression
        except Exception:  # tifffile raises many types; whether the file can be used the decoder tells
            return ""
        return "JPEG" if compression in _JPEG_IN_TIFF else ""
    return ""


_JPEG_IN_TIFF = (6, 7, 33007, 34892)


def _decoded(path: Path, data: bytes, remedy: str) -> np.ndarray:
    decode = _load_array if path.suffix.lower() == ARRAY_ENDING else _decode_image
    try:
        return decode(path, data)
    except InputError as error:  # of the header
        raise InputError(f"{error}; {remedy}") from None
    except Exception as error:  # decoders raise many types; each means that the file cannot be used
        what = "an array" if decode is _load_array else "an image"
        reason = str(error).partition("\n")[0]  # imagecodecs adds what every other decoder says
        raise InputError(f"{path} cannot be read as {what} ({reason}); {remedy}") from None


def _load_array(path: Path, data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)  # Cellpose's _seg.npy is pickled, and refused


def _decode_image(path: Path, data: bytes) -> np.ndarray:
    read_header(path)
    if path.suffix.lower() in TIFF_ENDINGS:
        # All planes, so that more than one is noticed; twice as fast as tifffile on small images.
        return imagecodecs.tiff_decode(data, index=None)
    if data[:4] == b"\x89PNG" and data[25] != _PALETTE:
        return imagecodecs.png_decode(data)  # Pillow has no 16-bit colour
    if data[:4] == b"RIFF":
        return imagecodecs.webp_decode(data)
    with PillowImage.open(io.BytesIO(data)) as image:
        return np.asarray(image)


_PALETTE = 3  # PNG's colour type, the byte behind width, height and bit depth


def _labels(path: Path, stored: np.ndarray, shape: tuple[int, int], remedy: str) -> np.ndarray:
    labels = _plane(stored, shape)
    if labels.shape != shape:
        colours = labels.shape[:2] == shape and labels.shape[2:] in ((2,), (3,), (4,))
        why = "colours that differ between channels are no labels: " if colours else ""
        raise InputError(f"{path} has shape {labels.shape}, its image {shape}: {why}{remedy}")
    whole = _as_whole_numbers(labels)
    if whole is None or whole.min(initial=0) < 0:
        values = f"{labels.dtype} from {labels.min()} on" if labels.dtype.kind in "if" else labels.dtype
        raise InputError(
            f"{path} holds {values}: labels are whole numbers, 0 for background "
            f"and from 1 on for cells; {remedy}"
        )
    return whole


def _plane(stored: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the one plane [H, W] that an array holds in effect, or the array where it holds more."""
    if [side for side in stored.shape if side > 1] == [side for side in shape if side > 1]:
        return stored.reshape(shape)
    if stored.ndim == 3 and stored.shape[0] in (3, 4) and stored.shape[1:] == shape:
        stored = np.moveaxis(stored, 0, -1)
    if stored.ndim == 3 and stored.shape[:2] == shape and stored.shape[2] in (2, 3, 4):
        colours = stored[..., : stored.shape[2] - (stored.shape[2] % 2 == 0)]  # an even one is alpha
        if (colours == colours[..., :1]).all():
            return colours[..., 0]
    return stored


def _as_whole_numbers(labels: np.ndarray) -> np.ndarray | None:
    if labels.dtype.kind in "iub":
        return labels
    if labels.dtype.kind != "f" or not np.isfinite(labels).all() or (labels != np.rint(labels)).any():
        return None
    return labels.astype(np.int64)
