"""Label images that are none."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.transform import resize

from monolayer.datasets._label_checks import doubt, is_foreground_mask, parts_as_labels

CENTRES = [(12, 12), (12, 50), (40, 20), (60, 70), (30, 80)]


def discs(labels: list[int], radius: int = 7) -> np.ndarray:
    rows, columns = np.indices((80, 100))
    drawn = np.zeros((80, 100), np.int32)
    for (row, column), label in zip(CENTRES, labels, strict=False):
        drawn[np.hypot(rows - row, columns - column) < radius] = label
    return drawn


@pytest.mark.parametrize(
    ("labels", "is_mask"),
    [
        (discs([1] * 5), True),
        (discs([255] * 5), True),
        (discs([7] * 5), True),
        (discs([255]), True),
        (discs([1]) > 0, True),
        (discs([1]), False),
        (discs([1, 2]), False),
        (discs([1, 2, 1]), False),
        (discs([]), False),
        (np.ones((9, 9), int), False),
    ],
)
def test_foreground_masks(labels: np.ndarray, is_mask: bool) -> None:
    assert is_foreground_mask(labels) == is_mask


def test_parts_touch_by_sides_or_corners() -> None:
    expected, count = ndimage.label(discs([9] * 5), np.ones((3, 3)))
    parts = parts_as_labels(discs([9] * 5))
    assert count == 5
    assert np.array_equal(parts, expected)
    assert parts_as_labels(np.eye(3, dtype=bool)).max() == 1


def test_labels_of_cells_are_not_doubted() -> None:
    assert doubt(discs([1, 2, 3, 4, 5])) == ""
    assert doubt(discs([])) == ""
    assert doubt(np.full((9, 9), 3)) == ""


def test_a_cell_that_another_crosses_is_not_doubted() -> None:
    labels = discs([5])
    labels[:, 10:14] = 6
    assert doubt(labels) == ""


def test_a_label_in_two_places() -> None:
    assert doubt(discs([1, 1, 2, 2, 3])) == (
        "label 1 lies in parts that are far from each other, as 2 of 3 labels do"
    )


def test_classes_in_many_places() -> None:
    labels = discs([4] * 5)
    labels[discs([1] * 5, radius=5) > 0] = 9
    assert doubt(labels).endswith("as 2 of 2 labels do")


def test_masks_that_were_resampled() -> None:
    smooth = resize(discs([3000 * k for k in (1, 2, 3, 4, 5)]).astype(float), (160, 200), order=1)
    assert "parts have 2 pixels or fewer, as after resampling" in doubt(np.rint(smooth).astype(int))


@pytest.mark.parametrize("background", [1, 65535])
def test_a_background_of_a_number(background: int) -> None:
    labels = discs([2, 3, 4])
    labels[labels == 0] = background
    assert doubt(labels) == (
        f"no pixel is 0, and label {background} covers most of them: is it the background, which has to be 0?"
    )


def test_cells_that_fill_the_image() -> None:
    labels = np.arange(1, 13).reshape(3, 4).repeat(8, axis=0).repeat(8, axis=1)
    assert doubt(labels) == ""
