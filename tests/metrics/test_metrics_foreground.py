"""All scores of a set of images."""

import numpy as np
import pytest

from monolayer.metrics.foreground import confluences, foreground_scores

COUNTS = np.array([[40, 10, 0, 50], [10, 0, 10, 80]])


def test_hand_made():
    scores = foreground_scores(COUNTS)
    assert scores["dice"] == pytest.approx((80 / 90 + 20 / 30) / 2)
    assert scores["iou"] == pytest.approx((40 / 50 + 10 / 20) / 2)
    assert scores["dice_pooled"] == pytest.approx(100 / 120)
    assert scores["iou_pooled"] == pytest.approx(50 / 70)
    assert scores["precision"] == pytest.approx((40 / 50 + 1) / 2)
    assert scores["recall"] == pytest.approx((1 + 10 / 20) / 2)
    assert scores["confluence_rmse"] == pytest.approx(0.1)
    assert scores["confluence_bias"] == pytest.approx(0)
    assert scores["confluence_loa_high"] == pytest.approx(1.96 * 0.1 * 2**0.5)
    assert scores["confluence_loa_low"] == pytest.approx(-1.96 * 0.1 * 2**0.5)
    assert scores["images"] == 2


def test_confluences():
    true, predicted = confluences(COUNTS)
    assert true.tolist() == [0.4, 0.2]
    assert predicted.tolist() == [0.5, 0.1]


def test_plain_numbers():
    assert {type(value) for value in foreground_scores(COUNTS).values()} == {float, int}
