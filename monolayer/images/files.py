"""Image files: where they lie, read as grey levels, written as masks."""

import os
from collections import defaultdict
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from monolayer.annotations.coco import Image
from monolayer.errors import InputError

TIFF_ENDINGS = (".tif", ".tiff")
IMAGE_ENDINGS = (*TIFF_ENDINGS, ".png", ".jpg", ".jpeg", ".bmp", ".webp")
ARRAY_ENDING = ".npy"


class ImageFolder:
    """Finds the files of a folder that holds images in any sub-folders.

    LIVECell's copies differ: flat, one folder per split, one per cell type. An annotation file names the
    bare file, so the whole folder is indexed once, by bare name and by path below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() in IMAGE_ENDINGS:
                relative = path.relative_to(root)
                for key in {path.name, relative.as_posix()}:
                    self._paths[key].append(path)

    def find(self, file_name: str, split: str) -> Path | None:
        """Return the path of a file of a split, or None where there is none.

        A path below the folder means that file. Of several files of one bare name, the one in a folder named
        after the split is meant (``livecell_test_images``, ``livecell_train_val_images``).

        Raises
        ------
        InputError
            Several files have the name, and no folder name tells which one is meant.
        """
        paths = self._paths.get(file_name, [])
        if self.root / file_name in paths:
            return self.root / file_name
        if len(paths) > 1:
            named = [path for path in paths if split in path.relative_to(self.root).parent.as_posix()]
            if len(named) != 1:
                places = ", ".join(str(path) for path in paths)
                raise InputError(f"{file_name} of split {split} is ambiguous: {places}. Keep one of them.")
            paths = named
        return paths[0] if paths else None

    def path(self, file_name: str, split: str) -> Path:
        """Return the path of a file of a split, as `find`, but a missing file is an `InputError`."""
        path = self.find(file_name, split)
        if path is None:
            raise InputError(f"{file_name} of split {split} is not below {self.root}")
        return path


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
    image = to_grey(_decode(path), path)
    if expected is not None and image.shape != (expected.height, expected.width):
        height, width = image.shape
        raise InputError(
            f"{path} is {width} x {height} pixels, but its annotations are for "
            f"{expected.width} x {expected.height}: fetch the image again or correct the annotation file"
        )
    return image


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
        uint16 [H, W], 0 = background.

    Raises
    ------
    InputError
        The file is missing or unreadable, has another size than the image, or holds no labels.
    """
    path = masks / "instance" / split / f"{image.id}.tif"
    return read_label_image(path, (image.height, image.width), "run the masks stage again")


def read_label_image(path: Path, shape: tuple[int, int], remedy: str) -> np.ndarray:
    """Read a label image.

    Parameters
    ----------
    path
        TIFF, PNG, or an array that numpy saved, ``.npy``.
    shape
        Height and width of its image in pixels.
    remedy
        What is to be done where it is not one; ends the error.

    Returns
    -------
    numpy.ndarray
        Integers [H, W] from 0 on, as they stand in the file; 0 = background.

    Raises
    ------
    InputError
        The file is missing or unreadable, has another size than the image, or holds no labels.
    """
    try:
        labels = _load_array(path) if path.suffix.lower() == ARRAY_ENDING else _decode(path)
    except InputError as error:
        raise InputError(f"{error}; {remedy}") from None
    if labels.shape != shape:
        raise InputError(f"{path} has shape {labels.shape}, its image {shape}: {remedy}")
    if labels.dtype.kind not in "iu" or labels.min() < 0:
        raise InputError(
            f"{path} holds {labels.dtype} from {labels.min()} on: labels are whole numbers, 0 for background "
            f"and from 1 on for cells; {remedy}"
        )
    return labels


def _load_array(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path} not found") from None
    except (ValueError, EOFError, OSError) as error:  # pickled objects, among them Cellpose's _seg.npy, too
        raise InputError(f"{path} cannot be read as an array ({error})") from None


def _decode(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() in TIFF_ENDINGS:
            # All planes, so that more than one is noticed; twice as fast as tifffile on small images.
            return imagecodecs.tiff_decode(path.read_bytes(), index=None)
        return np.asarray(imagecodecs.imread(path))
    except FileNotFoundError:
        raise InputError(f"{path} not found") from None
    except Exception as error:  # decoders raise many types; each means that the file cannot be used
        reason = str(error).partition("\n")[0]  # imagecodecs adds what every other decoder says
        raise InputError(
            f"{path} cannot be read as an image ({reason}): fetch it again or remove it"
        ) from None


def to_grey(image: np.ndarray, path: Path) -> np.ndarray:
    """Turn grey or colour [H, W] or [H, W, 1..4] of any type into uint8 [H, W]; `path` is for errors."""
    is_8_bit = image.dtype == np.uint8
    if is_8_bit and image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] in (3, 4):
        # Whole-numbered weights: the sums are exact, whatever order a machine adds them in.
        image = image[..., :3].astype(np.float64) @ np.array([299.0, 587.0, 114.0]) / 1000
    elif image.ndim == 3 and image.shape[2] in (1, 2):
        image = image[..., 0]
    if image.ndim != 2:
        raise InputError(
            f"{path} has shape {image.shape}: expected one grey or colour plane, not a volume or a stack"
        )
    if is_8_bit:
        return np.rint(image).astype(np.uint8)
    low, high = float(image.min()), float(image.max())
    scale = 255 / (high - low) if high > low else 0.0
    return np.rint((image.astype(np.float64) - low) * scale).astype(np.uint8)


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
