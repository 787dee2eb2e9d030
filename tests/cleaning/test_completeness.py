"""Incomplete annotation."""

import numpy as np
import pytest
from pictures import (
    LIVECELL_MINI,
    NO_LIVECELL_MINI,
    circle,
    dish,
    real_annotations,
    real_images,
)
from scipy import ndimage

from monolayer.annotations.rasterise import draw, union
from monolayer.cleaning.completeness import Coverage, annotation_coverage
from monolayer.cleaning.decisions import is_incomplete
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.texture import local_variance


def coverage(image: np.ndarray, segmentations: list[list[list[float]]]) -> Coverage:
    annotated = union(draw(segmentations, *image.shape), *image.shape)
    return annotation_coverage(local_variance(image), annotated)


def incomplete(image: np.ndarray, segmentations: list[list[list[float]]]) -> bool:
    return is_incomplete(*coverage(image, segmentations), CleaningSettings())


def test_coverage_of_a_half_annotated_dish() -> None:
    image, polygons = dish(0, cells=20)
    cell = np.pi * 9**2 / image.size
    found = coverage(image, [[polygon] for polygon in polygons[:10]])
    assert found.annotated == pytest.approx(10 * np.pi * 10**2 / image.size, rel=0.05)
    assert 6 * cell < found.missed < 16 * cell  # the window of the variance makes cells wider


@pytest.mark.parametrize("cells", [3, 6, 12, 30])
def test_complete_annotation_misses_nothing(cells: int) -> None:
    image, polygons = dish(1, cells)
    assert coverage(image, [[polygon] for polygon in polygons]).missed == 0


@pytest.mark.parametrize("annotated", [1, 2, 5])
def test_few_of_many_cells(annotated: int) -> None:
    image, polygons = dish(2, cells=18)
    assert incomplete(image, [[polygon] for polygon in polygons[:annotated]])


def test_an_annotation_smaller_than_a_block() -> None:
    image, _ = dish(3, cells=18)
    assert incomplete(image, [[[50.0, 50.0, 52.0, 50.0, 52.0, 52.0, 50.0, 52.0]]])


def bare(image: np.ndarray, cells: np.ndarray, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fill all but the kept cells with background from elsewhere in the image."""
    filled, unknown = image.copy(), cells.copy()
    while unknown.any():
        shift = tuple(rng.integers(0, image.shape))
        usable = unknown & ~np.roll(cells, shift, (0, 1))
        filled[usable] = np.roll(image, shift, (0, 1))[usable]
        unknown &= ~usable
    filled[kept] = image[kept]
    return filled


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason=NO_LIVECELL_MINI)
class TestRealImages:
    """The annotated images as they are, with few annotations, and with few cells."""

    def test_complete(self) -> None:
        images = real_images()
        assert not any(incomplete(images[name], cells) for name, cells in real_annotations().items())

    @pytest.mark.parametrize("annotated", [1, 3, 9])
    def test_few_annotations(self, annotated: int) -> None:
        images, rng = real_images(), np.random.default_rng(0)
        for name, cells in real_annotations().items():
            chosen = rng.choice(len(cells), annotated, replace=False)
            assert incomplete(images[name], [cells[n] for n in chosen]), name

    @pytest.mark.parametrize("annotated", [1, 4, 9])
    def test_discs_on_cells_of_unannotated_images(self, annotated: int) -> None:
        rng, known = np.random.default_rng(0), real_annotations()
        for name, image in real_images().items():
            if name not in known:
                y, x = np.nonzero(local_variance(image) >= np.quantile(local_variance(image), 0.85))
                chosen = rng.choice(len(x), annotated)
                assert incomplete(image, [[circle(4 * x[n] + 2, 4 * y[n] + 2, 9)] for n in chosen]), name

    @pytest.mark.parametrize("cells", [5, 10, 20])
    def test_truly_sparse(self, cells: int) -> None:
        images, rng = real_images(), np.random.default_rng(0)
        for name, segmentations in real_annotations().items():
            runs = draw(segmentations, 520, 704)
            everything = ndimage.binary_dilation(union(runs, 520, 704), iterations=10)
            if everything.mean() < 0.6:
                chosen = rng.choice(len(segmentations), cells, replace=False)
                chosen_runs = runs.select(np.isin(runs.cell, chosen))
                kept = ndimage.binary_dilation(union(chosen_runs, 520, 704), iterations=10)
                sparse = bare(images[name], everything, kept, rng)
                assert not incomplete(sparse, [segmentations[n] for n in chosen]), name
