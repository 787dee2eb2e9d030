"""Checks of the outlines of one image: points, area, place, doubles."""

from typing import NamedTuple

import numpy as np

from monolayer.annotations.coco import Segmentation
from monolayer.annotations.rasterise import CellRuns, draw
from monolayer.cleaning.settings import CleaningSettings


class Fault(NamedTuple):
    """What is wrong with one annotation."""

    position: int
    """Position in the list of annotations."""
    reason: str
    score: float | None = None
    """Intersection over union with the outline that stays, of a doubled contour."""


def shape_fault(segmentation: Segmentation, area: int, height: int, width: int) -> str | None:
    """Say what makes an outline unusable, or None where it covers at least one pixel.

    A polygon that meets the image and covers no pixel has no area: its points lie on a line, or it is
    smaller than a pixel.

    >>> shape_fault([[1, 1, 2, 2, 3, 3]], area=0, height=5, width=5)
    'no_area'
    """
    if area > 0:
        return None
    if isinstance(segmentation, dict):
        return "no_area"
    polygons = [polygon for polygon in segmentation if len(polygon) >= 6]
    if not polygons:
        return "too_few_points"
    points = np.concatenate(polygons)
    x, y = points[0::2], points[1::2]
    outside = x.max() <= 0 or y.max() <= 0 or x.min() >= width or y.min() >= height
    return "outside_image" if outside else "no_area"


def doubled_contours(runs: CellRuns, ids: list[int], height: int, threshold: float) -> dict[int, float]:
    """Find outlines that repeat another one.

    An outline counts as a repetition only of one that stays: of three alike, that with the smallest id stays.

    Parameters
    ----------
    runs
        The pixels of the outlines.
    ids
        Of two outlines alike, the one with the smaller id stays.
    height
        Of the image in pixels.
    threshold
        Intersection over union from which two outlines are of one cell.

    Returns
    -------
    dict
        From the position of a repetition to its intersection over union with the outline that stays.

    >>> square = [[1, 1, 3, 1, 3, 3, 1, 3]]
    >>> doubled_contours(draw([square, square], 5, 5), [7, 8], 5, 0.6)
    {1: 1.0}
    """
    areas = runs.areas(len(ids))
    drawn = np.flatnonzero(areas)
    pairs = drawn[_alike_pairs(runs.boxes(height), areas[drawn], threshold)]
    ordered = (sorted(pair, key=ids.__getitem__, reverse=True) for pair in pairs.tolist())
    doubled: dict[int, float] = {}
    for later, earlier in sorted(ordered, key=lambda pair: [ids[n] for n in pair]):
        if later not in doubled and earlier not in doubled:
            shared = _shared_pixels(runs, later, earlier)
            iou = shared / float(areas[later] + areas[earlier] - shared)
            if iou >= threshold:
                doubled[later] = iou
    return doubled


def _alike_pairs(boxes: np.ndarray, areas: np.ndarray, threshold: float) -> np.ndarray:
    """Return int64 [P, 2], the pairs of which the boxes, int64 [K, 4], allow that they are alike."""
    # Masks that share `threshold` of their union share that of the larger one, and their boxes no less.
    left, top, width, height = boxes.T
    first, second = _meeting_pairs(left, left + width)
    wide = np.minimum((left + width)[first], (left + width)[second]) - left[second]
    high = np.minimum((top + height)[first], (top + height)[second]) - np.maximum(top[first], top[second])
    alike = wide * high.clip(0) >= threshold * np.maximum(areas[first], areas[second])
    return np.stack([first[alike], second[alike]], axis=1)


def _shared_pixels(runs: CellRuns, one: int, other: int) -> int:
    (a, _), (b, _) = (runs.select(runs.cell == cell).pixels() for cell in (one, other))
    return len(np.intersect1d(a, b, assume_unique=True))


def _meeting_pairs(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Intervals in the order of their starts: each meets those after it that start before its end.
    order = np.argsort(starts, kind="stable")
    counts = np.searchsorted(starts[order], ends[order]) - np.arange(len(order)) - 1
    first = np.repeat(np.arange(len(order)), counts)
    second = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first + 1
    return order[first], order[second]


def check_contours(
    segmentations: list[Segmentation], ids: list[int], height: int, width: int, settings: CleaningSettings
) -> tuple[list[Fault], CellRuns]:
    """Check the annotations of one image.

    Parameters
    ----------
    segmentations, ids
        Outline and id of each annotation; of two that are doubles, the one with the smaller id stays.
    height, width
        Of the image in pixels.
    settings
        Which checks run, and the threshold of doubled contours.

    Returns
    -------
    faults
        At most one per annotation, in order of position.
    sound
        The pixels of the annotations that stay.

    Raises
    ------
    InputError
        A run-length code is for an image of another size.
    """
    runs = draw(segmentations, height, width)
    outlines = zip(segmentations, runs.areas(len(ids)).tolist(), strict=True)
    reasons = [shape_fault(segmentation, area, height, width) for segmentation, area in outlines]
    faults = [Fault(n, reason) for n, reason in enumerate(reasons) if reason and getattr(settings, reason)]
    doubled: dict[int, float] = {}
    if settings.doubled_contour:
        doubled = doubled_contours(runs, ids, height, settings.doubled_iou)
    faults += [Fault(n, "doubled_contour", iou) for n, iou in doubled.items()]
    return sorted(faults), runs.select(~np.isin(runs.cell, list(doubled)))
