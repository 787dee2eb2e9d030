"""Each predicted cell of many images with its score and whether it is right: curves, and AP of drawn images.

`RankedImages` says what the AP of all images is. How much it would differ with other images takes thousands
of draws, for which matching and ranking are done once here, by the same rules.
"""

from collections.abc import Iterable
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

    0 at recalls that are not reached; `threshold` is an index in `IOU`.
    """
    return _interpolated(detections, threshold, np.ones(len(detections.true)))


def drawn_average_precision(detections: RankedDetections, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``ap``, ``ap50`` and ``ap75`` of drawn images, float64 [R] each.

    Parameters
    ----------
    detections
        Of N images.
    weights
        How often each image is drawn, [R, N].
    """
    curves = np.array(
        [[_interpolated(detections, place, own).mean() for place in range(len(IOU))] for own in weights]
    )
    return dict(zip(DRAWN, (curves.mean(axis=1), curves[:, 0], curves[:, 5]), strict=True))


def _interpolated(detections: RankedDetections, threshold: int, weights: np.ndarray) -> np.ndarray:
    true = weights @ detections.true
    drawn = weights[detections.image]
    right = np.cumsum(drawn * detections.right[:, threshold])
    recall, precision = right / max(true, 1), right / np.maximum(np.cumsum(drawn), np.spacing(1))
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return best[np.searchsorted(recall, RECALLS, side="left")]
