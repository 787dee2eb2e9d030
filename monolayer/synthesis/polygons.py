"""Polygons in pixel coordinates: clipped to the image, measured, moved."""

import numpy as np


def clip_polygon(polygon: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut a polygon [V, 2] (x, y) at the image's borders, float64 [V', 2]; empty where it lies outside.

    Source: Sutherland and Hodgman, Reentrant polygon clipping, CACM 17:32, 1974.

    >>> clip_polygon(np.array([[-2.0, 1], [2, 1], [2, 3], [-2, 3]]), 5, 5).tolist()
    [[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [0.0, 3.0]]
    """
    for axis, sign, limit in ((0, 1, 0), (0, -1, -width), (1, 1, 0), (1, -1, -height)):
        polygon = _cut(polygon, sign * polygon[:, axis] - limit)
    return polygon


def _cut(polygon: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Keep the side where `depth` [V] is not negative."""
    if np.all(depth >= 0):
        return polygon
    following, next_depth = np.roll(polygon, -1, axis=0), np.roll(depth, -1)
    crosses = (depth >= 0) != (next_depth >= 0)
    fraction = np.divide(depth, depth - next_depth, out=np.zeros_like(depth), where=crosses)
    crossing = polygon + fraction[:, None] * (following - polygon)
    kept = np.stack([depth >= 0, crosses], axis=1)
    return np.stack([polygon, crossing], axis=1)[kept]


def to_hundredths(points: np.ndarray) -> np.ndarray:
    """Round coordinates to a hundredth of a pixel, without a sign on zero.

    On which side of a border a cut point lies by its last bit, and so the sign of its zero, depends on the
    CPU's instructions for sines: with it, files differed between machines.

    >>> to_hundredths(np.array([-1e-17, 1.234]))
    array([0.  , 1.23])
    """
    return np.round(points, 2) + 0.0


def area(polygon: np.ndarray) -> float:
    """Return the area of a polygon [V, 2] in square pixels.

    >>> area(np.array([[0.0, 0], [4, 0], [4, 3]]))
    6.0
    """
    x, y = polygon.T
    return float(abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


def bounding_box(polygon: np.ndarray) -> list[float]:
    """Return ``[left, top, width, height]`` of a polygon [V, 2] in pixels, to a hundredth.

    >>> bounding_box(np.array([[1.0, 2], [4, 2], [4, 8]]))
    [1.0, 2.0, 3.0, 6.0]
    """
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    return [round(float(value), 2) for value in (*low, *(high - low))]
