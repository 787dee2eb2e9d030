"""Files of label images, read as they stand."""

from pathlib import Path

import numpy as np

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import decode

ARRAY_ENDING = ".npy"


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
        labels = _load_array(path) if path.suffix.lower() == ARRAY_ENDING else decode(path)
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
