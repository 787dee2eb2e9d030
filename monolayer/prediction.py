"""What a model says of one image: foreground probability, and instances that may overlap."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask
from scipy import ndimage


@dataclass(frozen=True)
class Prediction:
    """Prediction for one image of H x W pixels."""

    foreground: np.ndarray
    """Probability of belonging to a cell, float32 [H, W] in [0, 1]."""
    masks: list[dict[str, Any]]
    """N instances as pycocotools' run-length codes (``size``, ``counts``)."""
    scores: np.ndarray
    """Confidence of each instance, float32 [N] in [0, 1]."""


def prediction_from_labels(foreground: np.ndarray, labels: np.ndarray) -> Prediction:
    """Make a prediction of instances that do not overlap; a score is the mean probability inside.

    Parameters
    ----------
    foreground
        float32 [H, W] in [0, 1].
    labels
        Integers [H, W], 0 = background, instances 1..N without gaps.

    Examples
    --------
    >>> foreground = np.array([[1.0, 0.1, 0.75], [0.5, 0.0, 0.75]], dtype=np.float32)
    >>> prediction_from_labels(foreground, np.array([[1, 0, 2], [1, 0, 2]])).scores
    array([0.75, 0.75], dtype=float32)
    """
    masks = encode_labels(labels)
    means = ndimage.mean(foreground, labels, np.arange(1, len(masks) + 1))
    return Prediction(foreground, masks, np.asarray(means, dtype=np.float32))


def encode_labels(labels: np.ndarray) -> list[dict[str, Any]]:
    """Run-length code each instance of a label image, in the order of the labels 1..N.

    One pass over the runs of the image, where pycocotools would need a whole mask for each instance.

    Examples
    --------
    >>> codes = encode_labels(np.array([[1, 0], [1, 2]]))
    >>> [coco_mask.decode(code).tolist() for code in codes]
    [[[1, 0], [1, 0]], [[0, 0], [0, 1]]]
    """
    height, width = labels.shape
    flat = labels.ravel(order="F")
    starts = np.flatnonzero(np.diff(flat, prepend=-1))
    runs = np.stack([starts, np.append(starts[1:], flat.size)], axis=1)  # (R, 2), first pixel and end
    owners = flat[starts]
    by_owner = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[by_owner], np.arange(1, labels.max(initial=0) + 2))
    edges = [runs[by_owner[first:last]].ravel() for first, last in itertools.pairwise(bounds)]
    return [coco_mask.frPyObjects(_code(e, height, width), height, width) for e in edges]


def _code(edges: np.ndarray, height: int, width: int) -> dict[str, Any]:
    # Counts alternate between outside and inside; pycocotools ends them with the last one that is not 0.
    counts = np.diff(edges, prepend=0, append=height * width)
    return {"size": [height, width], "counts": np.trim_zeros(counts, "b").tolist()}
