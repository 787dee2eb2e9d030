"""Checks of the outlines of one image: points, area, place, doubles."""

from typing import NamedTuple

import numpy as np
from pycocotools import mask as rle_masks

from monolayer.cleaning.settings import CleaningSettings
from monolayer.coco import Segmentation
from monolayer.rasterise import Rle, encode


class Fault(NamedTuple):
    """What is wrong with one annotation."""

    position: int
    """Position in the list of annotations."""
    reason: str
    score: float | None = None
    """Intersection over union with the outline that stays, of a doubled contour."""


def shape_fault(segmentation: Segmentation, rle: Rle, height: int, width: int) -> str | None:
    """Say what makes an outline unusable, or None where it covers at least one pixel.

    A polygon that meets the image and covers no pixel has no area: its points lie on a line, or it is
    smaller than a pixel.

    >>> line = [[1, 1, 2, 2, 3, 3]]
    >>> shape_fault(line, encode([line], 5, 5)[0], 5, 5)
    'no_area'
    """
    if rle_masks.area(rle) > 0:
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


def doubled_contours(rles: list[Rle], threshold: float) -> dict[int, float]:
    """Find outlines that repeat an earlier one.

    An outline counts as a repetition only of one that stays: of three alike, the first stays.

    Parameters
    ----------
    rles
        Run-length codes in the order in which they have precedence.
    threshold
        Intersection over union from which two outlines are of one cell.

    Returns
    -------
    dict
        From the position of a repetition to its intersection over union with the outline that stays.

    >>> square = [[1, 1, 3, 1, 3, 3, 1, 3]]
    >>> doubled_contours(encode([square, square], 5, 5), 0.6)
    {1: 1.0}
    """
    doubled: dict[int, float] = {}
    for later, earlier in _alike_pairs(rles, threshold):
        if later not in doubled and earlier not in doubled:
            iou = float(rle_masks.iou([rles[later]], [rles[earlier]], [0])[0, 0])
            if iou >= threshold:
                doubled[later] = iou
    return doubled


def _alike_pairs(rles: list[Rle], threshold: float) -> list[tuple[int, int]]:
    # Masks that share `threshold` of their union share that of the larger one, and their boxes no less.
    areas = np.array([float(rle_masks.area(rle)) for rle in rles])
    left, top, width, height = rle_masks.toBbox(rles).reshape(-1, 4).T
    first, second = _meeting_pairs(left, left + width)
    wide = np.minimum((left + width)[first], (left + width)[second]) - left[second]
    high = np.minimum((top + height)[first], (top + height)[second]) - np.maximum(top[first], top[second])
    alike = wide * high.clip(0) >= threshold * np.maximum(areas[first], areas[second])
    pairs = np.stack([first[alike], second[alike]], axis=1)
    return sorted((max(pair), min(pair)) for pair in pairs.tolist())


def _meeting_pairs(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Intervals in the order of their starts: each meets those after it that start before its end.
    order = np.argsort(starts, kind="stable")
    counts = np.searchsorted(starts[order], ends[order]) - np.arange(len(order)) - 1
    first = np.repeat(np.arange(len(order)), counts)
    second = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first + 1
    return order[first], order[second]


def check_contours(
    segmentations: list[Segmentation], ids: list[int], height: int, width: int, settings: CleaningSettings
) -> tuple[list[Fault], list[Rle]]:
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
        Run-length codes of the annotations that stay.

    Raises
    ------
    InputError
        A run-length code is for an image of another size.
    """
    rles = encode(segmentations, height, width)
    outlines = zip(segmentations, rles, strict=True)
    reasons = [shape_fault(segmentation, rle, height, width) for segmentation, rle in outlines]
    faults = [Fault(n, reason) for n, reason in enumerate(reasons) if reason and getattr(settings, reason)]
    drawn = sorted((n for n, reason in enumerate(reasons) if reason is None), key=lambda n: ids[n])
    doubled: dict[int, float] = {}
    if settings.doubled_contour:
        doubled = doubled_contours([rles[n] for n in drawn], settings.doubled_iou)
    faults += [Fault(drawn[rank], "doubled_contour", iou) for rank, iou in doubled.items()]
    return sorted(faults), [rles[n] for rank, n in enumerate(drawn) if rank not in doubled]
