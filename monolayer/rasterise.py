"""From polygons and run-length codes to pixels, exactly those that pycocotools gives.

pycocotools draws a polygon into a run-length code, and that is fast; decoding each code into an image of
its own is not. Here the codes of one image are decoded together, into runs of pixels.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from monolayer.coco import RunLengths, Segmentation, decode_segmentation
from monolayer.errors import InputError


class CellRuns(NamedTuple):
    """The pixels of all cells of one image as runs, in COCO's order: down the columns."""

    start: np.ndarray
    """int64 [R], column * height + row of the first pixel."""
    length: np.ndarray
    """int64 [R], pixels."""
    cell: np.ndarray
    """int64 [R], index of the cell; ascending."""

    @property
    def end(self) -> np.ndarray:
        """int64 [R], the position behind the last pixel."""
        return self.start + self.length

    def select(self, chosen: np.ndarray) -> "CellRuns":
        """Return the runs that a boolean or index array chooses."""
        return CellRuns(self.start[chosen], self.length[chosen], self.cell[chosen])

    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return position and cell of each pixel of each run, int64 [P] each."""
        before = np.cumsum(self.length) - self.length
        position = np.repeat(self.start - before, self.length) + np.arange(self.length.sum())
        return position, np.repeat(self.cell, self.length)


Rle = dict[str, Any]
"""A compressed run-length code, as pycocotools makes it: ``{"size": [height, width], "counts": bytes}``."""


def encode(segmentations: Sequence[Segmentation], height: int, width: int) -> list[Rle]:
    """Draw each cell as pycocotools does.

    Parameters
    ----------
    segmentations
        Polygons, of which those of fewer than three points cover nothing, or run-length codes.
    height, width
        Size of the image in pixels; what lies outside is cut off.

    Raises
    ------
    InputError
        A run-length code is for an image of another size.

    Examples
    --------
    >>> int(coco_mask.area(encode([[[1, 1, 3, 1, 3, 3, 1, 3]]], 5, 5)[0]))
    4
    """
    outlines = [_areal(item) for item in segmentations if isinstance(item, list)]
    polygons = [polygon for parts in outlines for polygon in parts]
    # One call for all polygons: a call for each takes as long again as the drawing.
    drawn = iter(coco_mask.frPyObjects(polygons, height, width) if polygons else [])
    codes = []
    for item in segmentations:
        if isinstance(item, dict):
            codes.append(_code_of(item, height, width))
        else:
            codes.append(_unite([next(drawn) for _ in _areal(item)], height, width))
    return codes


def _areal(polygons: list[list[float]]) -> list[list[float]]:
    return [polygon for polygon in polygons if len(polygon) >= 6]


def _unite(parts: list[Rle], height: int, width: int) -> Rle:
    if not parts:
        return coco_mask.frPyObjects({"size": [height, width], "counts": [height * width]}, height, width)
    return parts[0] if len(parts) == 1 else coco_mask.merge(parts)


def _code_of(item: RunLengths, height: int, width: int) -> Rle:
    size, counts = item["size"], item["counts"]
    if size != [height, width]:
        raise InputError(
            f"run-length code of size {size} in an image of [{height}, {width}]: correct the annotation"
        )
    total = sum(counts if isinstance(counts, list) else _counts(counts))
    if total != height * width:
        raise InputError(
            f"run-length code counts {total} pixels in an image of {height * width}: correct the annotation"
        )
    if isinstance(counts, list):
        return coco_mask.frPyObjects(item, height, width)
    return {"size": size, "counts": counts.encode()}


def _counts(text: str) -> list[int]:
    """Decode compressed counts; none where they break off, are negative or no counts."""
    code = text.encode()
    if not code or min(code) < 48 or max(code) >= 112 or code[-1] >= 80:
        return []
    counts = _decode_counts([code])[0].tolist()
    return counts if min(counts) >= 0 else []


def run_length_codes(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> list[Rle]:
    """Draw each cell from its JSON text; parameters and errors as `encode`."""
    return encode([decode_segmentation(raw) for raw in segmentations], height, width)


def cell_runs(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> CellRuns:
    """Return the runs of pixels of every cell; parameters and errors as `run_length_codes`.

    >>> square = msgspec.Raw(b"[[0, 0, 2, 0, 2, 2, 0, 2]]")
    >>> cell_runs([square], height=3, width=3).pixels()[0].tolist()
    [0, 1, 3, 4]
    """
    return _runs(run_length_codes(segmentations, height, width))


def foreground_mask(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> np.ndarray:
    """Return bool [H, W], the union of all cells; parameters and errors as `run_length_codes`."""
    return union(run_length_codes(segmentations, height, width), height, width)


def union(codes: Sequence[Rle], height: int, width: int) -> np.ndarray:
    """Return bool [H, W], the pixels that any of the codes covers."""
    position, _ = _runs(codes).pixels()
    flat = np.zeros(height * width, dtype=bool)
    flat[position] = True
    return np.ascontiguousarray(flat.reshape(width, height).T)


def _runs(codes: Sequence[Rle]) -> CellRuns:
    counts, index, code = _decode_counts([code["counts"] for code in codes])
    ends = np.cumsum(counts)
    origin = np.concatenate([[0], ends])[np.flatnonzero(index == 0)]
    foreground = (index % 2 == 1) & (counts > 0)
    start = ends - counts - origin[code]
    return CellRuns(start[foreground], counts[foreground], code[foreground])


def _decode_counts(codes: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the length of each run, its place in its code, and its code: int64 [N] each."""
    values, first = _variable_length_numbers(codes)
    code = np.repeat(np.arange(len(codes)), np.diff(first))
    index = np.arange(len(values)) - first[code]
    return _undo_differences(values, index, first[code]), index, code


def _variable_length_numbers(codes: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Read the numbers in pycocotools' strings: int64 [N], and where each string's begin, int64 [len + 1].

    A character less 48 holds five bits, lowest first; 0x20 says that more follow, 0x10 in the last one that
    the number is negative.
    """
    characters = np.frombuffer(b"".join(codes), dtype=np.uint8).astype(np.int64) - 48
    is_last = (characters & 0x20) == 0
    number = np.cumsum(is_last) - is_last
    start = np.flatnonzero(np.diff(number, prepend=-1))
    shift = 5 * (np.arange(len(characters)) - start[number])
    values = np.zeros(len(start), dtype=np.int64)
    np.add.at(values, number, (characters & 0x1F) << shift)
    negative = (characters[is_last] & 0x10) != 0
    values[negative] -= np.int64(1) << (shift[is_last][negative] + 5)
    ends = np.cumsum([len(code) for code in codes], dtype=np.int64)
    return values, np.concatenate([[0], np.concatenate([[0], np.cumsum(is_last)])[ends]]).astype(np.int64)


def _undo_differences(values: np.ndarray, index: np.ndarray, first: np.ndarray) -> np.ndarray:
    # From the fourth number on, a code stores the difference to the number two places before.
    counts = values.copy()
    for members in (index % 2 == 1, (index % 2 == 0) & (index > 0)):
        places = np.flatnonzero(members)
        total = np.cumsum(values[places])
        head = np.flatnonzero(index[places] <= 2)
        base = np.concatenate([[0], total])[head]
        counts[places] = total - np.repeat(base, np.diff(np.append(head, len(places))))
    return counts
