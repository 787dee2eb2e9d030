"""What a model says of one image: foreground probability, and cells that may overlap."""

import itertools
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco_mask

from monolayer.annotations.rasterise import BAND, CellRuns, label_runs


class Cells(NamedTuple):
    """N predicted cells of one image."""

    runs: CellRuns
    """Their pixels."""
    scores: np.ndarray
    """Confidence of each, float32 [N] in [0, 1]."""


class Prediction(NamedTuple):
    """Prediction for one image of H x W pixels."""

    foreground: np.ndarray
    """Probability of belonging to a cell, float32 [H, W] in [0, 1]."""
    cells: Cells


def cells_of_labels(labels: np.ndarray, probability: np.ndarray) -> Cells:
    """Make cells that do not overlap; a score is the mean probability inside.

    Parameters
    ----------
    labels
        Integers [H, W], 0 = background, cells 1..N without gaps.
    probability
        float32 [H, W] in [0, 1].

    Examples
    --------
    >>> probability = np.array([[1.0, 0.1, 0.75], [0.5, 0.0, 0.75]], dtype=np.float32)
    >>> cells_of_labels(np.array([[1, 0, 2], [1, 0, 2]]), probability).scores
    array([0.75, 0.75], dtype=float32)
    """
    flat, weights = labels.ravel(), probability.ravel()
    every = np.arange(flat.max(initial=0) + 1)
    areas = np.zeros(len(every), dtype=np.int64)
    sums: np.ndarray = np.zeros(len(every))
    for first in range(0, flat.size, BAND):
        part = slice(first, first + BAND)
        areas += np.bincount(flat[part], minlength=len(every))
        # Each sum goes on from where it was, so that it does not depend on the bands.
        sums = np.bincount(np.append(every, flat[part]), np.append(sums, weights[part]))
    return Cells(label_runs(labels), (sums[1:] / areas[1:]).astype(np.float32))


def best_scores(cells: Cells, height: int, width: int) -> np.ndarray:
    """Return the highest score of the cells at each pixel, float32 [H, W]; 0 where there is none.

    >>> cells = Cells(CellRuns(np.array([0, 1]), np.array([2, 4]), np.array([0, 1])), np.array([0.5, 0.25]))
    >>> best_scores(cells, 2, 2).tolist()
    [[0.5, 0.25], [0.5, 0.25]]
    """
    scores = np.zeros(height * width, dtype=np.float32)
    for _, part in cells.runs.bands(height * width):
        position, cell = part.pixels()
        np.maximum.at(scores, position, cells.scores.astype(np.float32)[cell])
    return np.ascontiguousarray(scores.reshape(width, height).T)


def encode_cells(cells: Cells, height: int, width: int) -> list[dict[str, Any]]:
    """Return each cell as pycocotools' run-length code (``size``, ``counts``).

    Straight from the runs, where pycocotools would need a whole mask for each cell.

    Examples
    --------
    >>> cells = Cells(label_runs(np.array([[1, 0], [1, 2]])), np.ones(2))
    >>> [coco_mask.decode(code).tolist() for code in encode_cells(cells, 2, 2)]
    [[[1, 0], [1, 0]], [[0, 0], [0, 1]]]
    """
    runs = cells.runs
    bounds = np.searchsorted(runs.cell, np.arange(len(cells.scores) + 1))
    edges = [
        np.stack([runs.start[first:last], runs.end[first:last]], axis=1).ravel()
        for first, last in itertools.pairwise(bounds)
    ]
    return [coco_mask.frPyObjects(_code(e, height, width), height, width) for e in edges]


def _code(edges: np.ndarray, height: int, width: int) -> dict[str, Any]:
    # Counts alternate between outside and inside; pycocotools ends them with the last one that is not 0.
    counts = np.diff(edges, prepend=0, append=height * width)
    return {"size": [height, width], "counts": np.trim_zeros(counts, "b").tolist()}
