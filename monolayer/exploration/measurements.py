"""What the annotation files say of each cell's size, without the outlines, which would fill the memory."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from monolayer.annotations.coco import Image
from monolayer.annotations.coco_pieces import read_in_pieces


class Measurements(NamedTuple):
    """The annotated cells of a split, image by image."""

    images: list[Image]
    bounds: np.ndarray
    """Where each image's cells begin and, behind the last one, end; int64 [I + 1]."""
    annotation_id: np.ndarray
    """int64 [N]."""
    area: np.ndarray
    """Pixels, as annotated, float64 [N]."""
    box: np.ndarray
    """Left, top, width and height in pixels, as annotated, float64 [N, 4]."""

    def of(self, index: int) -> slice:
        """Return which cells are those of an image."""
        return slice(int(self.bounds[index]), int(self.bounds[index + 1]))


class _Cell(msgspec.Struct, gc=False):
    id: int
    image_id: int
    area: float
    bbox: tuple[float, float, float, float]


_CELLS = msgspec.json.Decoder(list[_Cell])


def read_measurements(path: Path) -> Measurements:
    """Read an annotation file that `write_coco` wrote; errors as of `read_in_pieces`."""
    images, pieces = read_in_pieces(path, _CELLS)
    place = {image.id: number for number, image in enumerate(images)}
    parts = [_columns(piece, place) for piece in pieces]
    image, ids, numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(image, kind="stable")
    bounds = np.searchsorted(image[order], np.arange(len(images) + 1))
    return Measurements(images, bounds, ids[order], numbers[order, 0], numbers[order, 1:])


def _columns(cells: list[_Cell], place: dict[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    listed = [cell for cell in cells if cell.image_id in place]
    image = np.array([place[cell.image_id] for cell in listed], dtype=np.int32)
    ids = np.array([cell.id for cell in listed], dtype=np.int64)
    numbers = np.array([(cell.area, *cell.bbox) for cell in listed], dtype=np.float64)
    return image, ids, numbers.reshape(-1, 5)
