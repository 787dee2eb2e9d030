"""From polygons and run-length codes to pixels, exactly those that pycocotools gives.

pycocotools draws a polygon into a run-length code, and that is fast; decoding each code into an image of
its own is not. Here the codes of one image are decoded together, into runs of pixels.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from monolayer.coco import decode_segmentation
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


def run_length_codes(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> list[dict[str, Any]]:
    """Draw each segmentation as pycocotools does.

    Parameters
    ----------
    segmentations
        One for each cell: polygons, or a compressed or uncompressed run-length code.
    height, width
        Size of the image in pixels.

    Returns
    -------
    list of dict
        pycocotools' compressed codes, ``{"size": [height, width], "counts": bytes}``. A polygon of fewer than
        three points covers nothing.

    Raises
    ------
    InputError
        A run-length code is for an image of another size.
    """
    decoded = [decode_segmentation(raw) for raw in segmentations]
    polygons = [part for item in decoded if isinstance(item, list) for part in item if len(part) >= 6]
    drawn = iter(coco_mask.frPyObjects(polygons, height, width) if polygons else [])
    codes = []
    for item in decoded:
        if isinstance(item, dict):
            codes.append(_code_of(item, height, width))
            continue
        parts = [next(drawn) for part in item if len(part) >= 6]
        codes.append(_unite(parts) if parts else _empty(height, width))
    return codes


def _unite(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else coco_mask.merge(parts)


def _code_of(item: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    if item.get("size") != [height, width] or "counts" not in item:
        raise InputError(
            f"run-length code of size {item.get('size')} in an image of [{height}, {width}]: "
            "correct the annotation"
        )
    if isinstance(item["counts"], list):
        total = sum(item["counts"])
        if total != height * width:
            raise InputError(
                f"run-length code counts {total} pixels in an image of {height * width}: "
                "correct the annotation"
            )
        return coco_mask.frPyObjects(item, height, width)
    return {"size": [height, width], "counts": item["counts"].encode()}


def _empty(height: int, width: int) -> dict[str, Any]:
    return coco_mask.frPyObjects({"size": [height, width], "counts": [height * width]}, height, width)


def cell_runs(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> CellRuns:
    """Return the runs of pixels of every cell; parameters and errors as `run_length_codes`.

    >>> square = msgspec.Raw(b"[[0, 0, 2, 0, 2, 2, 0, 2]]")
    >>> cell_runs([square], height=3, width=3).pixels()[0].tolist()
    [0, 1, 3, 4]
    """
    codes = run_length_codes(segmentations, height, width)
    return _decode([code["counts"] for code in codes])


def foreground_mask(segmentations: Sequence[msgspec.Raw], height: int, width: int) -> np.ndarray:
    """Return bool [H, W], the union of all cells; parameters and errors as `run_length_codes`."""
    position, _ = cell_runs(segmentations, height, width).pixels()
    flat = np.zeros(height * width, dtype=bool)
    flat[position] = True
    return np.ascontiguousarray(flat.reshape(width, height).T)


def _decode(codes: Sequence[bytes]) -> CellRuns:
    """Decode compressed counts into their runs of foreground."""
    values, first = _variable_length_numbers(codes)
    code = np.repeat(np.arange(len(codes)), np.diff(first))
    index = np.arange(len(values)) - first[code]
    counts = _undo_differences(values, index, first[code])
    ends = np.cumsum(counts)
    origin = np.concatenate([[0], ends])[first[code]]
    foreground = (index % 2 == 1) & (counts > 0)
    return CellRuns((ends - counts - origin)[foreground], counts[foreground], code[foreground])


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
