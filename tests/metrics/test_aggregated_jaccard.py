import numpy as np
import pytest
from drawn_cells import drawn_image, masks_of, overlap_of

from monolayer.metrics.aggregated_jaccard import aji_counts


def aji_of_the_paper(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Algorithm 1 of the paper, mask by mask."""
    intersection, union, used = 0, 0, set()
    for cell in truth:
        ious = [(cell & other).sum() / (cell | other).sum() for other in prediction]
        if not max(ious, default=0):
            union += cell.sum()
            continue
        best = int(np.argmax(ious))
        used.add(best)
        intersection += (cell & prediction[best]).sum()
        union += (cell | prediction[best]).sum()
    return intersection / (union + sum(other.sum() for k, other in enumerate(prediction) if k not in used))


@pytest.mark.parametrize("seed", range(4))
def test_as_in_the_paper(seed):
    drawn = drawn_image(seed, cells=20)
    intersection, union = aji_counts(drawn.overlap)
    assert intersection / union == pytest.approx(aji_of_the_paper(drawn.truth, drawn.prediction), abs=1e-12)


def test_one_prediction_may_serve_two_cells():
    truth, prediction = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 1]])
    assert aji_counts(overlap_of(masks_of(truth), masks_of(prediction))).tolist() == [4, 8]
