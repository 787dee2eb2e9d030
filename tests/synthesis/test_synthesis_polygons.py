import numpy as np
import pytest
from pycocotools import mask

from monolayer.synthesis.polygons import area, bounding_box, clip_polygon

SQUARE = np.array([[2.0, 2], [6, 2], [6, 6], [2, 6]])


def test_inside_stays_as_it_is():
    assert clip_polygon(SQUARE, 10, 10).tolist() == SQUARE.tolist()


@pytest.mark.parametrize("shift", [(20, 0), (-20, 0), (0, 20), (0, -20)])
def test_outside_leaves_nothing(shift):
    assert len(clip_polygon(SQUARE + shift, 10, 10)) == 0


@pytest.mark.parametrize("shift", [(-4, 0), (6, 0), (0, -4), (0, 6), (-4, -4), (6, 6)])
def test_half_or_quarter_remains(shift):
    clipped = clip_polygon(SQUARE + shift, 10, 10)
    assert area(clipped) == (4 if all(shift) else 8)
    assert clipped.min() >= 0
    assert clipped.max() <= 10


def test_star_agrees_with_rasterisation():
    angles = np.arange(24) * np.pi / 12
    star = 30 + np.where(np.arange(24) % 2, 12, 28)[:, None] * np.stack(
        [np.cos(angles), np.sin(angles)], axis=1
    )
    clipped = clip_polygon(star - [15, 0], 60, 40)
    codes = mask.frPyObjects([clipped.ravel().tolist()], 60, 40)
    assert area(clipped) == pytest.approx(float(mask.area(codes)[0]), rel=0.02)


def test_bounding_box_is_rounded():
    assert bounding_box(SQUARE + 1 / 3) == [2.33, 2.33, 4.0, 4.0]
