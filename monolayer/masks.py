"""Label images: one number for each cell, overlaps resolved."""

from collections.abc import Sequence

import msgspec
import numpy as np

from monolayer.errors import InputError
from monolayer.parameters import Number, Settings
from monolayer.rasterise import CellPixels, cell_pixels

LARGEST_LABEL = np.iinfo(np.uint16).max


class MaskSettings(Settings):
    """How overlapping cells share their pixels."""

    drop_covered: Number = 0.75
    """A cell is dropped when the others cover more than this share of it (Cellpose's rule; 1 drops none)."""


def label_image(
    segmentations: Sequence[msgspec.Raw], height: int, width: int, drop_covered: float = 0.75
) -> np.ndarray:
    """Draw the cells of one image.

    Where cells overlap, a pixel goes to the cell with the nearest centroid (the earlier one of two equally
    near). A cell of which the others cover more than `drop_covered` is dropped, smallest first; pixels that
    were its alone go to the cell that covers most of it. So the foreground is the union of all cells, always.

    Parameters
    ----------
    segmentations
        One for each cell, as in the annotation file.
    height, width
        Size of the image in pixels.
    drop_covered
        Share of a cell, in [0, 1].

    Returns
    -------
    numpy.ndarray
        uint16 [H, W]; 0 is background, k the k-th cell. A dropped cell's number stays unused.

    Raises
    ------
    InputError
        The image has more than 65,535 cells.

    Notes
    -----
    Stringer et al., Nat Methods 18:100 (2021), resolve overlaps by the nearest centroid and drop cells that
    are covered by more than 75 %; there the pixels of a dropped cell become background.

    Examples
    --------
    >>> left = msgspec.Raw(b"[[0, 0, 3, 0, 3, 2, 0, 2]]")
    >>> right = msgspec.Raw(b"[[2, 0, 5, 0, 5, 2, 2, 2]]")
    >>> label_image([left, right], height=2, width=5)
    array([[1, 1, 1, 2, 2],
           [1, 1, 1, 2, 2]], dtype=uint16)
    """
    if len(segmentations) > LARGEST_LABEL:
        raise InputError(f"{len(segmentations)} cells in one image: label images hold {LARGEST_LABEL}")
    pixels = cell_pixels(segmentations, height, width)
    cover = np.bincount(pixels.position, minlength=height * width)
    if cover.max(initial=0) > 1:
        pixels = _nearest(_without_covered(pixels, cover, drop_covered), cover, height)
    flat = np.zeros(height * width, dtype=np.uint16)
    flat[pixels.position] = pixels.cell + 1
    return flat.reshape(width, height).T


def _without_covered(pixels: CellPixels, cover: np.ndarray, limit: float) -> CellPixels:
    """Drop the cells that others cover; `cover` (cells at each pixel) is brought up to date."""
    area = np.bincount(pixels.cell)
    shared = np.bincount(pixels.cell, weights=cover[pixels.position] > 1)
    suspects = np.flatnonzero(shared > limit * area)
    cell, kept = pixels.cell.copy(), np.ones(len(pixels.cell), dtype=bool)
    for suspect in suspects[np.argsort(area[suspects], kind="stable")]:
        own = np.flatnonzero(kept & (cell == suspect))
        alone = cover[pixels.position[own]] == 1
        if alone.sum() >= (1 - limit) * len(own):
            continue
        cover[pixels.position[own[~alone]]] -= 1
        kept[own[~alone]] = False
        rivals = cell[kept & np.isin(pixels.position, pixels.position[own[~alone]])]
        cell[own[alone]] = np.bincount(rivals).argmax()
    return CellPixels(pixels.position[kept], cell[kept])


def _nearest(pixels: CellPixels, cover: np.ndarray, height: int) -> CellPixels:
    """Leave each pixel to the covering cell with the nearest centroid."""
    column, row = np.divmod(pixels.position, height)
    area = np.maximum(np.bincount(pixels.cell), 1)
    centre_column = np.bincount(pixels.cell, weights=column) / area
    centre_row = np.bincount(pixels.cell, weights=row) / area
    contested = np.flatnonzero(cover[pixels.position] > 1)
    cell = pixels.cell[contested]
    distance = (column[contested] - centre_column[cell]) ** 2 + (row[contested] - centre_row[cell]) ** 2
    order = np.lexsort((cell, distance, pixels.position[contested]))
    place = pixels.position[contested][order]
    loses = np.concatenate([[False], place[1:] == place[:-1]]) if len(place) else np.empty(0, bool)
    kept = np.ones(len(pixels.cell), dtype=bool)
    kept[contested[order[loses]]] = False
    return CellPixels(pixels.position[kept], pixels.cell[kept])
