"""One plane of an image file, and how it is turned."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.errors import InputError

GREY = ("grey",)
COLOURS = ("red", "green", "blue")
ORIENTATION = 274
"""Number of the tag, in TIFF and in EXIF."""


class UnclearPlaneError(InputError):
    """A file holds several planes or channels, and which is meant is not said, or is not there."""


class Plane(NamedTuple):
    """One plane of an image file, as a viewer shows it: palette, inversion and orientation are applied."""

    pixels: np.ndarray
    """[H, W, C] of the file's type; of 8 bits where the file has fewer."""
    channels: tuple[str, ...]
    """Name of each: ``grey``, ``red``, ``green``, ``blue``, the name in an OME-TIFF, or its number."""


def chosen_plane(path: Path, number: int | None, count: int, contents: str) -> int:
    """Return the number of the plane to read of a file.

    Parameters
    ----------
    path
        The file, for errors.
    number
        Which plane is wanted; None where the file is to have one only.
    count
        How many it holds.
    contents
        What they are, for errors.

    Raises
    ------
    UnclearPlaneError
        There are several and no number is given, or there is no such plane.
    """
    if number is None and count > 1:
        raise UnclearPlaneError(
            f"{path} holds {count} planes, not one: {contents}. For own data set `frame` to "
            f"the one that is meant, 0 to {count - 1} by their order there, or save each as a file of its own"
        )
    if number is not None and number >= count:
        raise UnclearPlaneError(
            f"{path} has no plane {number}: it holds {count}, counted from 0. Correct `frame`"
        )
    return number or 0


def oriented(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image, [H, W, ...], as EXIF's orientation, 1 to 8, asks for; another number turns nothing.

    >>> oriented(np.array([[1, 2], [3, 4]]), 6)
    array([[3, 1],
           [4, 2]])
    """
    turned = pixels.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else pixels
    upside_down, left_right = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return turned[:: -1 if upside_down else 1, :: -1 if left_right else 1]
