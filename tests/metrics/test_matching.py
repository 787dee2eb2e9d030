import numpy as np
import pytest
from drawn_cells import drawn_image
from scipy.optimize import linear_sum_assignment

from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.matching import match


def assigned(iou: np.ndarray, threshold: float) -> tuple[int, float]:
    """Number of matches and sum of their IoU, as StarDist and Cellpose find them: over all pairs."""
    good = (iou >= threshold) & (iou > 0)
    rows, columns = linear_sum_assignment(-(good + iou / (2 * min(iou.shape))))
    kept = good[rows, columns]
    return int(kept.sum()), float(iou[rows, columns][kept].sum())


@pytest.mark.parametrize("largest", [2**22, 0])
@pytest.mark.parametrize("threshold", [0, 0.1, 0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_as_many_as_possible_and_the_best_of_those(monkeypatch, seed, threshold, largest):
    monkeypatch.setattr("monolayer.metrics.matching.LARGEST_MATRIX", largest)
    drawn = drawn_image(seed, cells=25)
    matched = match(drawn.overlap, threshold)
    count, _ = assigned(drawn.iou, threshold)
    assert len(matched) == count
    assert len(set(drawn.overlap.true[matched])) == len(set(drawn.overlap.predicted[matched])) == count
    assert (drawn.overlap.iou[matched] >= threshold).all()


def test_more_matches_outweigh_a_better_one():
    # The first true cell fits the first prediction best, but only without it the second is matched as well.
    overlap = InstanceOverlap(
        np.array([10, 10]), np.array([10, 10]), np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([9, 4, 4])
    )
    assert match(overlap, 0.2).tolist() == [1, 2]
    assert match(overlap, 0.5).tolist() == [0]


def test_strictly_above():
    overlap = InstanceOverlap(np.array([3]), np.array([3]), np.array([0]), np.array([0]), np.array([2]))
    assert match(overlap, 0.5).tolist() == [0]
    assert match(overlap, 0.5, strict=True).tolist() == []


def test_nothing_to_match():
    none = np.zeros(0, dtype=np.int64)
    assert match(InstanceOverlap(np.array([3]), none, none, none, none), 0.5).tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_dense_and_sparse_assignment_are_equally_good(monkeypatch, seed):
    overlap = drawn_image(seed, cells=60).overlap
    dense = match(overlap, 0)
    monkeypatch.setattr("monolayer.metrics.matching.LARGEST_MATRIX", 0)
    sparse = match(overlap, 0)
    assert overlap.iou[sparse].sum() == pytest.approx(overlap.iou[dense].sum(), rel=1e-9)
    assert len(sparse) == len(dense) < len(overlap.iou)


def test_of_tens_of_thousands_of_cells_each_finds_its_own():
    # Each prediction covers its own cell and a bit of the one before: one matrix of all would take 20 GB.
    cells = 50_000
    true = np.repeat(np.arange(cells), 2)[:-1]
    predicted = np.repeat(np.arange(cells), 2)[1:]
    pixels = np.where(true == predicted, 6, 4)
    overlap = InstanceOverlap(np.full(cells, 10), np.full(cells, 10), true, predicted, pixels)
    assert match(overlap, 0).tolist() == np.flatnonzero(true == predicted).tolist()
