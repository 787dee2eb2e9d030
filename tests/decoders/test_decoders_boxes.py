"""Cells of a detector's detections."""

import numpy as np

from monolayer.annotations.rasterise import CellRuns, label_runs
from monolayer.decoders.boxes.decoder import Settings, decode, not_suppressed
from monolayer.predictions.cells import Cells


def squares(corners: list[tuple[int, int]], side: int, scores: list[float]) -> Cells:
    """Squares in an image of 30 x 30, each with its own score."""
    planes = []
    for number, (row, column) in enumerate(corners):
        labels = np.zeros((30, 30), dtype=np.int64)
        labels[row : row + side, column : column + side] = 1
        planes.append(label_runs(labels)._replace(cell=None))
        planes[-1] = planes[-1]._replace(cell=np.full(len(planes[-1].start), number))
    runs = CellRuns(*(np.concatenate(plane) for plane in zip(*planes, strict=True)))
    return Cells(runs, np.array(scores, dtype=np.float32))


def brute_force(cells: Cells, overlap: float) -> list[bool]:
    """One detection after the other, with sets of pixels."""
    position, owner = cells.runs.pixels()
    pixels = [set(position[owner == number].tolist()) for number in range(len(cells.scores))]
    kept: list[int] = []
    for number in np.argsort(-cells.scores, kind="stable").tolist():
        own = pixels[number]
        if all(len(own & pixels[k]) <= overlap * min(len(own), len(pixels[k])) for k in kept):
            kept.append(number)
    return [number in kept for number in range(len(cells.scores))]


def test_the_better_one_stays():
    cells = squares([(0, 0), (0, 2), (20, 20)], 10, [0.6, 0.9, 0.7])
    assert not_suppressed(cells, overlap=0.5).tolist() == [False, True, True]
    assert not_suppressed(cells, overlap=0.8).tolist() == [True, True, True]


def test_what_is_removed_removes_nothing():
    chain = squares([(0, 0), (0, 4), (0, 8)], 10, [0.9, 0.8, 0.7])
    assert not_suppressed(chain, overlap=0.5).tolist() == [True, False, True]


def test_as_one_after_the_other():
    rng = np.random.default_rng(0)
    for _ in range(20):
        corners = [tuple(place) for place in rng.integers(0, 22, (25, 2)).tolist()]
        cells = squares(corners, 8, rng.integers(0, 10, 25) / 10)
        assert not_suppressed(cells, 0.3).tolist() == brute_force(cells, 0.3)


def test_unlikely_and_small_candidates_are_no_cells():
    cells = squares([(0, 0), (0, 12), (15, 0)], 6, [0.9, 0.2, 0.5])
    found = decode(cells, Settings(score=0.5, cell_area=36))
    assert found.scores.tolist() == [np.float32(0.9), 0.5]
    assert found.runs.areas(2).tolist() == [36, 36]
    assert len(decode(cells, Settings(cell_area=37)).scores) == 0


def test_no_candidates():
    empty = np.zeros(0, dtype=np.int64)
    found = decode(Cells(CellRuns(empty, empty, empty), np.zeros(0, np.float32)), Settings())
    assert len(found.scores) == len(found.runs.start) == 0
