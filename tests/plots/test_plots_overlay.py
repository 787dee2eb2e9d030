"""Annotations and predictions laid over images."""

import numpy as np
import pytest
from skimage.segmentation import find_boundaries

from monolayer.plots.overlay import (
    AGREEMENT,
    OverlayColour,
    cell_outlines,
    overlay_agreement,
    overlay_contours,
    overlay_outlines,
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
    ("shape", "factor", "expected"),
    [((520, 704), 2, (260, 352)), ((520, 704), 1, (520, 704)), ((41, 50), 3, (13, 16))],
)
def test_shrunk_sizes(shape: tuple[int, int], factor: int, expected: tuple[int, int]):
    assert shrink(np.zeros((*shape, 3), dtype=np.uint8), factor).shape == (*expected, 3)


def test_outlines_of_a_smaller_image_keep_their_colour():
    outline = np.zeros((9, 8), dtype=bool)
    outline[3] = True  # a row that no even step hits, so that sampling would lose it
    image = np.full((9, 8), 100, dtype=np.uint8)
    overlay = overlay_outlines(image, {"found": outline, "missed": np.roll(outline, 2, axis=0)}, factor=2)
    assert overlay.shape == (4, 4, 3)
    assert (overlay[1] == AGREEMENT["found"].colour).all()
    assert (overlay[2] == AGREEMENT["missed"].colour).all()
    assert (overlay[[0, 3]] == 0).all()  # an even image is black


def test_later_outlines_go_over_earlier_ones():
    everywhere = np.ones((2, 2), dtype=bool)
    overlay = overlay_outlines(GREY, {"found": everywhere, "missed": everywhere})
    assert (overlay == AGREEMENT["missed"].colour).all()


def test_overlay_colour_as_hex():
    assert OverlayColour((75, 165, 255), 0.5).hex_code == "#4ba5ff"
