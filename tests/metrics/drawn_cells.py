"""Cells drawn at random, which may overlap, and predictions of them with every kind of fault."""

from typing import NamedTuple

import numpy as np
from pycocotools import mask as coco_mask

from monolayer.annotations.rasterise import CellRuns, draw
from monolayer.metrics.average_precision import RankedCells
from monolayer.metrics.instance_overlap import InstanceOverlap, instance_overlap

HEIGHT, WIDTH = 90, 110


class DrawnImage(NamedTuple):
    """True and predicted cells of one image, bool [T, H, W] and [P, H, W], and the latter's scores [P]."""

    truth: np.ndarray
    prediction: np.ndarray
    scores: np.ndarray

    @property
    def overlap(self) -> InstanceOverlap:
        return overlap_of(self.truth, self.prediction)

    @property
    def ranked(self) -> RankedCells:
        return RankedCells(self.overlap, self.truth.sum(axis=(1, 2)).astype(float), self.scores)

    @property
    def iou(self) -> np.ndarray:
        """IoU of every pair, float64 [T, P], the slow way."""
        truth = self.truth.reshape(len(self.truth), HEIGHT * WIDTH).astype(np.int64)
        prediction = self.prediction.reshape(len(self.prediction), HEIGHT * WIDTH).astype(np.int64)
        shared = truth @ prediction.T
        return shared / (truth.sum(axis=1)[:, None] + prediction.sum(axis=1) - shared)


def runs_of(masks: np.ndarray) -> CellRuns:
    codes = [coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8)) for mask in masks]
    return draw([{"size": c["size"], "counts": c["counts"].decode()} for c in codes], *masks.shape[1:])


def overlap_of(truth: np.ndarray, prediction: np.ndarray) -> InstanceOverlap:
    return instance_overlap(runs_of(truth), len(truth), runs_of(prediction), len(prediction))


def ellipse(row: float, column: float, high: float, wide: float) -> np.ndarray:
    rows, columns = np.indices((HEIGHT, WIDTH))
    return ((rows - row) / high) ** 2 + ((columns - column) / wide) ** 2 <= 1


def drawn_image(seed: int, cells: int = 12, shift: float = 2.5) -> DrawnImage:
    """Most cells are predicted, moved and resized a little; some are missed, some twice, some are false."""
    rng = np.random.default_rng(seed)
    places = rng.uniform([0, 0, 3, 3], [HEIGHT, WIDTH, 20, 20], (cells, 4))
    found = places[rng.random(cells) < 0.8]
    doubled = found[rng.random(len(found)) < 0.2]
    false = rng.uniform([0, 0, 3, 3], [HEIGHT, WIDTH, 10, 10], (3, 4))
    predicted = np.concatenate([found, doubled, false])
    predicted = predicted + rng.normal(0, shift, predicted.shape) * [1, 1, 0.5, 0.5]
    predicted[:, 2:] = np.maximum(predicted[:, 2:], 2)
    truth, prediction = (np.array([ellipse(*place) for place in own]) for own in (places, predicted))
    prediction = prediction[prediction.any(axis=(1, 2))]
    # Rounded, so that some scores are equal.
    return DrawnImage(truth, prediction, rng.random(len(prediction)).round(1))


def drawn_labels(seed: int, cells: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A true and a predicted label image, uint16 [H, W], without gaps; cells do not overlap."""
    drawn = drawn_image(seed, cells)
    labels = []
    for masks in (drawn.truth, drawn.prediction):
        image = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
        for number, mask in enumerate(masks, start=1):
            image[mask] = number
        labels.append(np.unique(image, return_inverse=True)[1].reshape(image.shape).astype(np.uint16))
    return labels[0], labels[1]


def masks_of(labels: np.ndarray) -> np.ndarray:
    return np.array([labels == number for number in range(1, labels.max() + 1)]).reshape(-1, *labels.shape)
