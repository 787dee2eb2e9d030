"""Checks of the outlines of one image: points, area, place, doubles."""

from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as rle_masks

from monolayer.cleaning.settings import CleaningSettings

Segmentation = list[list[float]] | dict[str, Any]
"""Polygons ``[x0, y0, x1, y1, ...]`` in pixels, or a run-length code."""


class Fault(NamedTuple):
    """What is wrong with one annotation."""

    index: int
    """Position in the list of annotations."""
    reason: str
    score: float | None = None
    """Intersection over union with the outline that stays, of a doubled contour."""


def encode(segmentation: Segmentation, height: int, width: int) -> dict[str, Any] | None:
    """Rasterise an outline into a compressed run-length code, as pycocotools does.

    Parameters
    ----------
    segmentation
        Polygons of fewer than three points are passed over.
    height, width
        Of the image in pixels; what lies outside is cut off.

    Returns
    -------
    dict or None
        None where no polygon has three points.

    >>> rle_masks.area(encode([[1, 1, 3, 1, 3, 3, 1, 3]], 5, 5))
    np.uint32(4)
    """
    if isinstance(segmentation, dict):
        counts = segmentation["counts"]
        return rle_masks.frPyObjects(segmentation, height, width) if isinstance(counts, list) else segmentation
    polygons = [polygon for polygon in segmentation if len(polygon) >= 6]
    if not polygons:
        return None
    parts = rle_masks.frPyObjects(polygons, height, width)
    return parts[0] if len(parts) == 1 else rle_masks.merge(parts)


def shape_fault(segmentation: Segmentation, rle: dict[str, Any] | None, height: int, width: int) -> str | None:
    """Say what makes an outline unusable, or None where it covers at least one pixel.

    A polygon that meets the image and covers no pixel has no area: its points lie on a line, or it is
    smaller than a pixel.

    >>> shape_fault([[1, 1, 2, 2, 3, 3]], encode([[1, 1, 2, 2, 3, 3]], 5, 5), 5, 5)
    'no_area'
    """
    if rle is None:
        return "too_few_points"
    if rle_masks.area(rle) > 0:
        return None
    if isinstance(segmentation, dict):
        return "no_area"
    points = np.concatenate([polygon for polygon in segmentation if len(polygon) >= 6])
    x, y = points[0::2], points[1::2]
    outside = x.max() <= 0 or y.max() <= 0 or x.min() >= width or y.min() >= height
    return "outside_image" if outside else "no_area"


def doubled_contours(rles: list[dict[str, Any]], threshold: float) -> dict[int, float]:
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

    >>> square = encode([[1, 1, 3, 1, 3, 3, 1, 3]], 5, 5)
    >>> doubled_contours([square, square], 0.6)
    {1: 1.0}
    """
    if len(rles) < 2:
        return {}
    overlap = np.tril(rle_masks.iou(rles, rles, [0] * len(rles)), k=-1)
    doubled: dict[int, float] = {}
    for later, earlier in np.argwhere(overlap >= threshold):
        if later not in doubled and earlier not in doubled:
            doubled[int(later)] = float(overlap[later, earlier])
    return doubled


def check_contours(
    segmentations: list[Segmentation], ids: list[int], height: int, width: int, settings: CleaningSettings
) -> tuple[list[Fault], list[dict[str, Any]]]:
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
    """
    rles = [encode(segmentation, height, width) for segmentation in segmentations]
    faults: dict[int, Fault] = {}
    drawn: list[int] = []
    for index, (segmentation, rle) in enumerate(zip(segmentations, rles, strict=True)):
        reason = shape_fault(segmentation, rle, height, width)
        if reason is None:
            drawn.append(index)
        elif getattr(settings, reason):
            faults[index] = Fault(index, reason)
    drawn.sort(key=lambda index: ids[index])
    if settings.doubled_contour:
        doubled = doubled_contours([rles[index] for index in drawn], settings.doubled_iou)  # type: ignore[misc]
        faults |= {drawn[n]: Fault(drawn[n], "doubled_contour", iou) for n, iou in doubled.items()}
    sound = [rle for index in drawn if index not in faults and (rle := rles[index]) is not None]
    return sorted(faults.values()), sound
