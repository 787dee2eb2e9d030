"""Each predicted cell of many images with its score and whether it is right: curves, and AP of drawn images.

`RankedImages` says what the AP of all images is. How much it would differ with other images takes thousands
of draws, for which matching and ranking are done once here, by the same rules.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from monolayer.metrics.average_precision import IOU, ranked
from monolayer.metrics.instance_overlap import InstanceOverlap

DRAWN = ("ap", "ap50", "ap75")
"""Scores of `drawn_average_precision`."""
RECALLS = np.linspace(0, 1, 101)
"""At which COCO averages precision."""


class RankedDetections(NamedTuple):
    """D predicted cells of N images, the highest score first."""

    image: np.ndarray
    """Index of the image of each, int32 [D]."""
    score: np.ndarray
    """float64 [D]."""
    right: np.ndarray
    """Whether it is matched at each `IOU`, bool [D, 10]."""
    true: np.ndarray
    """True cells of each image, int64 [N]."""


def right_detections(overlap: InstanceOverlap, scores: np.ndarray) -> np.ndarray:
    """Match one image's cells as COCO does: by their score, each with the best true cell that is left.

    Parameters
    ----------
    overlap
        Of the image.
    scores
        Of the predicted cells, float64 [P], highest first.

    Returns
    -------
    numpy.ndarray
        Whether each is matched at each `IOU`, bool [P, 10].

    Examples
    --------
    Two predictions of one true cell, at IoU 0.6 and 0.8: the first takes it.

    >>> overlap = InstanceOverlap(
    ...     np.array([10]), np.array([6, 8]), np.array([0, 0]), np.array([0, 1]), np.array([6, 8])
    ... )
    >>> right_detections(overlap, np.array([0.9, 0.5]))[:, [0, 4]].tolist()
    [[True, False], [False, True]]
    """
    iou = overlap.iou
    right = np.zeros((len(scores), len(IOU)), dtype=bool)
    # Of equal IoU, COCO takes the last.
    preferred = np.lexsort((-overlap.true, -iou, overlap.predicted))
    for place, threshold in enumerate(IOU):
        pairs = preferred[iou[preferred] >= threshold]
        taken: set[int] = set()
        for true, predicted in zip(
            overlap.true[pairs].tolist(), overlap.predicted[pairs].tolist(), strict=True
        ):
            if true not in taken and not right[predicted, place]:
                taken.add(true)
                right[predicted, place] = True
    return right


def rank_detections(
    images: Iterable[tuple[InstanceOverlap, np.ndarray]], max_dets: int | None = None
) -> RankedDetections:
    """Rank the predicted cells of all images.

    Parameters
    ----------
    images
        The overlap of each, and the scores of its predicted cells, float64 [P].
    max_dets
        Only so many of an image count; None for all.
    """
    scores, right, true = [], [], []
    for overlap, own in images:
        order = ranked(own)
        place = np.argsort(order)
        by_rank = overlap._replace(
            predicted_areas=overlap.predicted_areas[order], predicted=place[overlap.predicted]
        )
        scores.append(own[order][:max_dets])
        right.append(right_detections(by_rank, own[order])[:max_dets])
        true.append(len(overlap.true_areas))
    image = np.repeat(np.arange(len(true), dtype=np.int32), [len(own) for own in scores])
    order = ranked(np.concatenate(scores))
    return RankedDetections(
        image[order], np.concatenate(scores)[order], np.concatenate(right)[order], np.array(true)
    )


def precision_recall_curve(detections: RankedDetections, threshold: int) -> np.ndarray:
    """Return COCO's precision at each of `RECALLS`, float64 [101]: the best one at that recall or a higher.

    0 at recalls that are not reached; 1 at all of them where there is neither a true cell nor a detection.
    `threshold` is an index in `IOU`.
    """
    return next(_curves(detections, np.ones((1, len(detections.true)))))[threshold]


def drawn_average_precision(detections: RankedDetections, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``ap``, ``ap50`` and ``ap75`` of drawn images, float64 [R] each.

    Parameters
    ----------
    detections
        Of N images.
    weights
        How often each image is drawn, whole numbers [R, N].
    """
    values = np.array([curves.mean(axis=1) for curves in _curves(detections, weights)])
    return dict(zip(DRAWN, (values.mean(axis=1), values[:, 0], values[:, 5]), strict=True))


def _curves(detections: RankedDetections, weights: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the curves of each draw at each `IOU`, float64 [10, 101].

    Precision is highest at a right detection: only these are looked at, at each IoU, and wrong ones only
    counted, once for all IoU.
    """
    image = detections.image.astype(np.intp)  # as `take` wants it
    right = [np.flatnonzero(own) for own in detections.right.T]
    images = [image[own] for own in right]
    most = weights.max(initial=0) * max(len(image), detections.true.sum())
    kind = np.int32 if most < 2**31 else np.int64  # what is half as wide is summed twice as fast
    for draw in weights.astype(kind):
        true, seen = int(draw @ detections.true), np.take(draw, image).cumsum(dtype=kind)
        if true:
            found = (np.take(draw, own).cumsum(dtype=kind) for own in images)
            yield np.stack([_curve(own, seen, at, true) for own, at in zip(found, right, strict=True)])
        else:
            yield np.full((len(IOU), len(RECALLS)), 0.0 if seen[-1:].any() else 1.0)


def _curve(found: np.ndarray, seen: np.ndarray, right: np.ndarray, true: int) -> np.ndarray:
    """Return precision at `RECALLS`, of the right detections up to each right one, and all up to each one."""
    reached = np.searchsorted(found, _right_needed(true).astype(found.dtype))
    reached = reached[reached < len(found)]
    curve = np.zeros(len(RECALLS))
    if len(reached):
        first = reached[0]
        precision = found[first:] / np.take(seen, right[first:])
        best = np.maximum.reduceat(precision, reached - first)
        curve[: len(reached)] = np.maximum.accumulate(best[::-1])[::-1]
    return curve


def _right_needed(true: int) -> np.ndarray:
    """Return how many of the true cells have to be found for each of `RECALLS`, one at least; int64 [101].

    >>> _right_needed(200)[[0, 1, 50, 100]].tolist()
    [1, 2, 100, 200]
    """
    needed = np.floor(RECALLS * true)
    return np.maximum(needed + (needed / true < RECALLS), 1).astype(np.int64)
