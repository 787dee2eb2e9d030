"""The images of a split with their labels, read once into memory."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.coco import read_coco
from monolayer.errors import InputError
from monolayer.images import ImageFolder, read_image, read_labels


class Sample(NamedTuple):
    """One image and its instances."""

    image: np.ndarray
    """Grey levels, uint8 [H, W]."""
    labels: np.ndarray
    """uint16 [H, W], 0 = background."""


def read_samples(annotations: Path, images: Path, masks: Path, split: str) -> list[Sample]:
    """Read a split in the order of its annotation file.

    Parameters
    ----------
    annotations
        Folder of ``{split}.json``.
    images
        Folder of the image files.
    masks
        Folder of ``instance/{split}/{image id}.tif``.
    split
        ``train``, ``val`` or ``test``.

    Raises
    ------
    InputError
        The split is empty, or a file is missing or does not fit the others.
    """
    listed = read_coco(annotations / f"{split}.json").images
    if not listed:
        raise InputError(
            f"{annotations / f'{split}.json'} lists no image: training needs at least one in {split}. "
            "Raise the dataset's fraction, or check what the deduplicate stage removed."
        )
    folder = ImageFolder(images)
    return [
        Sample(
            read_image(folder.path(image.file_name, split), expected=image),
            read_labels(masks, split, image),
        )
        for image in listed
    ]
