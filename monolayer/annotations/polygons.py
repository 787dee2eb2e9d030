"""The pixels inside polygons, exactly those that pycocotools gives.

pycocotools walks along an outline in steps of a fifth of a pixel and marks where a step passes the middle of
a column of pixels; the column's pixels lie between two marks. Only those steps matter, a few for each edge:
here they are found directly, for all outlines of an image at once.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np

_FINE = 5  # steps to a pixel
_MIDDLE = 2  # a pixel's middle is passed between its steps 2 and 3
_FARTHEST = 1e15  # steps; what is still farther away is drawn to there, as 64 bits hold no more


def inside(
    polygons: Sequence[Sequence[float]], height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pixels inside each polygon as runs, in COCO's order: down the columns.

    Parameters
    ----------
    polygons
        ``[x0, y0, x1, y1, ...]`` in pixels, at least three points each; the last joins the first.
    height, width
        Size of the image in pixels; what lies outside is cut off.

    Returns
    -------
    start, end
        int64 [R], column * height + row of the first pixel, and the position behind the last one.
    polygon
        int64 [R], index of the polygon; ascending.

    Examples
    --------
    >>> start, end, _ = inside([[0, 0, 2, 0, 2, 2, 0, 2]], height=3, width=3)
    >>> start.tolist(), end.tolist()
    ([0, 3], [2, 5])
    """
    lengths = np.array([len(polygon) for polygon in polygons], dtype=np.int64) // 2
    corners = np.fromiter(chain.from_iterable(polygons), np.float64)
    fine = np.clip(_FINE * corners + 0.5, -_FARTHEST, _FARTHEST).astype(np.int64)  # towards zero, as C casts
    x, y = fine[0::2], fine[1::2]
    behind = np.cumsum(lengths)
    following = np.arange(1, len(x) + 1)
    following[behind - 1] = behind - lengths
    edge, column = _crossed_columns(x, x[following], width)
    beyond = following[edge]
    step = _crossing_steps(x[edge], y[edge], x[beyond], y[beyond], _FINE * column + _MIDDLE)
    row = np.clip(-((_MIDDLE - step) // _FINE), 0, height)  # rounded up
    polygon = np.repeat(np.arange(len(lengths)), lengths)[edge]
    return _runs_between(column * height + row, polygon, height * width)


def _crossed_columns(x0: np.ndarray, x1: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return edge and column, int64 [K] each, for every column whose middle an edge passes."""
    first = np.maximum(-((_MIDDLE - np.minimum(x0, x1)) // _FINE), 0)
    last = np.minimum((np.maximum(x0, x1) - _MIDDLE - 1) // _FINE, width - 1)
    counts = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(counts)), counts)
    return edge, np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts - first, counts)


def _crossing_steps(
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Return y where the edge from (x0, y0) to (x1, y1) passes from `x` to `x + 1`; int64 [K] all."""
    width, height = np.abs(x1 - x0), np.abs(y1 - y0)
    flat, steep = np.flatnonzero(width >= height), np.flatnonzero(width < height)
    step = np.empty(len(x), dtype=np.int64)
    step[flat] = _on_flat_edges(x0[flat], y0[flat], x1[flat], y1[flat], x[flat])
    step[steep] = _on_steep_edges(x0[steep], y0[steep], x1[steep], y1[steep], x[steep])
    return step


def _on_flat_edges(
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, x: np.ndarray
) -> np.ndarray:
    # Such an edge has one y for each x, counted from its left end; of the two here the smaller is meant.
    slope = (y1 - y0) / (x1 - x0)
    left, start = np.minimum(x0, x1), np.where(x0 < x1, y0, y1)

    def y(at: np.ndarray) -> np.ndarray:
        return (start + slope * (at - left) + 0.5).astype(np.int64)

    return np.minimum(y(x), y(x + 1))


def _on_steep_edges(
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, x: np.ndarray
) -> np.ndarray:
    # Such an edge has one x for each y, counted from its upper end: it is across at the first y where it is.
    slope = (x1 - x0) / (y1 - y0)
    top, start = np.minimum(y0, y1), np.where(y0 < y1, x0, x1)
    rightwards = slope > 0

    def is_across(steps: np.ndarray) -> np.ndarray:
        return ((start + slope * steps + 0.5).astype(np.int64) > x) == rightwards

    # Rounding may make the quotient err by one: begin one before it.
    steps = np.ceil((x + 0.5 - start) / slope).astype(np.int64) - 1
    steps += ~is_across(steps)
    steps += ~is_across(steps)
    return top + steps - 1


def _runs_between(
    position: np.ndarray, polygon: np.ndarray, pixels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair each polygon's crossings in their order: the first begins a run, the second ends it."""
    owner, position = np.divmod(np.sort(polygon * (pixels + 1) + position), pixels + 1)
    start, end = position[0::2], position[1::2]
    holds_pixels = end > start
    return start[holds_pixels], end[holds_pixels], owner[0::2][holds_pixels]
