"""Cells of a detector's detections: of those that overlap the most probable remains."""

import numpy as np

from monolayer.decoders.boxes.settings import Settings
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.predictions.cells import Cells


def decode(detections: Cells, settings: Settings) -> Cells:
    """Choose cells, the best first; they may overlap.

    Parameters
    ----------
    detections
        What a detector found.
    settings
        Of the decoder.
    """
    areas = detections.runs.areas(len(detections.scores))
    likely = (detections.scores >= settings.score) & (areas >= max(settings.cell_area, 1))
    runs, scores = detections.runs.cells(likely), detections.scores[likely]
    kept = not_suppressed(Cells(runs, scores), settings.overlap)
    return Cells(runs.cells(kept), scores[kept])


def not_suppressed(cells: Cells, overlap: float) -> np.ndarray:
    """Say which cells no better one that is kept itself overlaps; greedy non-maximum suppression of masks.

    Parameters
    ----------
    cells
        N cells that have pixels.
    overlap
        Two overlap where they share more than this fraction of the area of the smaller one.

    Returns
    -------
    numpy.ndarray
        bool [N]. Of equal scores the first is better.
    """
    count = len(cells.scores)
    table = instance_overlap(cells.runs, count, cells.runs, count)
    smaller = np.minimum(table.true_areas[table.true], table.predicted_areas[table.predicted])
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(-cells.scores, kind="stable")] = np.arange(count)
    rivals = (table.pixels > overlap * smaller) & (rank[table.true] < rank[table.predicted])
    better, worse = table.true[rivals], table.predicted[rivals]
    order = np.argsort(rank[better], kind="stable")
    kept = np.ones(count, dtype=bool)
    for winner, loser in zip(better[order].tolist(), worse[order].tolist(), strict=True):
        if kept[winner]:
            kept[loser] = False
    return kept
