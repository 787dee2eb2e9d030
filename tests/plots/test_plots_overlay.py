"""Annotations and predictions laid over images."""

import numpy as np
import pytest
from skimage.segmentation import find_boundaries

from monolayer.plots.overlay import (
    AGREEMENT,
    cell_outlines,
    overlay_agreement,
    overlay_contours,
    shrink,
    stretch_contrast,
)

GREY = np.full((2, 2), 100, dtype=np.uint8)


def test_outlines_agree_with_scikit_image():
    labels = np.kron(np.random.default_rng(0).integers(0, 4, (8, 9)), np.ones((4, 4), dtype=int))
    assert np.array_equal(cell_outlines(labels), find_boundaries(labels, connectivity=1, mode="inner"))


def test_found_false_and_missed_have_their_colours():
    image = np.zeros((2, 2), dtype=np.uint8)
    truth = np.array([[True, True], [False, False]])
    prediction = np.array([[True, False], [True, False]])
    overlay = overlay_agreement(image, truth, prediction)
    for place, name in (((0, 0), "found"), ((0, 1), "missed"), ((1, 0), "false")):
        drawn = AGREEMENT[name]
        assert overlay[place].tolist() == [round(drawn.strength * part) for part in drawn.colour]
    assert overlay[1, 1].tolist() == [0, 0, 0]


def test_contours_have_their_colour_and_the_rest_stays():
    labels = np.zeros((5, 5), dtype=np.uint16)
    labels[1:4, 1:4] = 7
    image = np.arange(25, dtype=np.uint8).reshape(5, 5)
    overlay = overlay_contours(image, labels, (255, 0, 0))
    outline = (overlay == (255, 0, 0)).all(axis=2)
    assert outline.sum() == 8
    assert not outline[2, 2]
    assert (overlay[2, 2] == stretch_contrast(image)[2, 2]).all()


def test_contrast_is_stretched_to_the_whole_range():
    image = np.linspace(100, 150, 100).astype(np.uint8).reshape(10, 10)
    stretched = stretch_contrast(image)
    assert (stretched.min(), stretched.max()) == (0, 255)
    assert (np.diff(stretched.ravel().astype(int)) >= 0).all()


def test_an_even_image_has_no_contrast_to_stretch():
    assert stretch_contrast(GREY).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("shape", "width", "expected"),
    [((520, 704), 352, (260, 352)), ((520, 704), 704, (520, 704)), ((41, 50), 20, (13, 16))],
)
def test_shrunk_sizes(shape: tuple[int, int], width: int, expected: tuple[int, int]):
    assert shrink(np.zeros((*shape, 3), dtype=np.uint8), width).shape == (*expected, 3)


def test_overlay_colour_as_hex():
    assert AGREEMENT["found"].hex_code == "#009e73"
