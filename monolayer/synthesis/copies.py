"""Copies of images: what may happen to the pixels, and what then happens to the polygons."""

from collections.abc import Callable
from typing import NamedTuple

import imagecodecs
import numpy as np

from monolayer.annotations.livecell_names import parse, write
from monolayer.synthesis.field import SMALLEST_AREA
from monolayer.synthesis.pictures import Cell, Picture
from monolayer.synthesis.polygons import area, to_hundredths

_COPY_LOCATION = 3
"""A location that no planned image has: copies under another name seem to come from there."""


class Change(NamedTuple):
    """One way in which a copy differs from its original."""

    pixels: Callable[[np.ndarray], np.ndarray]
    """uint8 [H, W] to uint8 [H, W]."""
    mirrored: tuple[bool, bool] = (False, False)
    """Whether x and y are reversed."""


def _reencode(image: np.ndarray) -> np.ndarray:
    return np.asarray(
        imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(np.ascontiguousarray(image), level=90))
    )


def _brighten(image: np.ndarray) -> np.ndarray:
    return np.minimum(image, 255 - 12) + np.uint8(12)


def _stretch(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((image - 128.0) * 1.25 + 128), 0, 255).astype(np.uint8)


CHANGES = {
    "none": Change(lambda image: image),
    "re-encoded": Change(_reencode),
    "brightened": Change(lambda image: _reencode(_brighten(image))),
    "contrast": Change(lambda image: _reencode(_stretch(image))),
    "flipped": Change(lambda image: _reencode(image[:, ::-1]), (True, False)),
    "turned": Change(lambda image: _reencode(image[::-1, ::-1]), (True, True)),
}
NEAR_COPIES = [name for name in CHANGES if name != "none"]


def copy_picture(
    original: Picture, split: str, change: str, same_name: bool, size: tuple[int, int]
) -> Picture:
    """List a picture once more.

    Parameters
    ----------
    original
        The picture; its cells are copied.
    split
        Where the copy is listed.
    change
        What happens to the pixels, a key of `CHANGES`; the polygons follow.
    same_name
        Whether the copy has the original's file name, or one of its own.
    size
        Width and height in pixels.
    """
    name = original.file_name if same_name else _other_name(original.file_name)
    mirrored = CHANGES[change].mirrored
    cells = [Cell(_mirror(cell.polygon, mirrored, size)) for cell in original.cells]
    return Picture(split, name, cells, original=original, change=change)


def _other_name(file_name: str) -> str:
    name = parse(file_name)
    assert name is not None, file_name
    return write(name._replace(location=_COPY_LOCATION))


def _mirror(polygon: np.ndarray, mirrored: tuple[bool, bool], size: tuple[int, int]) -> np.ndarray:
    return to_hundredths(np.where(mirrored, np.array(size) - polygon, polygon))


def shift_cells(rng: np.random.Generator, cells: list[Cell], size: tuple[int, int]) -> list[Cell]:
    """Redraw cells as another annotator would: each a little off, none beyond the image or too small."""
    redrawn = [Cell(to_hundredths(np.clip(c.polygon + rng.normal(0, 0.4, 2), 0, size))) for c in cells]
    return [cell for cell in redrawn if area(cell.polygon) >= SMALLEST_AREA]


def thin_out(rng: np.random.Generator, cells: list[Cell], fraction: float) -> list[Cell]:
    """Keep a fraction of the cells, at least one, in their order."""
    kept = rng.choice(len(cells), max(int(len(cells) * fraction), 1), replace=False)
    return [cells[index] for index in sorted(kept)]
