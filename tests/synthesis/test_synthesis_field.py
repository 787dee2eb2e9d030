"""The rendered cells against LIVECell's figures, measured on masks that pycocotools makes of the polygons."""

import hashlib

import numpy as np
import pytest
from pycocotools import mask
from skimage.measure import regionprops

from monolayer.errors import InputError
from monolayer.synthesis.cell_types import CELL_TYPES
from monolayer.synthesis.field import render_field

# Measured on real images: median area (px), median aspect, median solidity, standard deviation inside.
# None of BV2 is annotated: its figures are read off unannotated images.
REAL = {
    "A172": (1006, 1.9, 0.84, 12.0),
    "BT474": (460, 1.6, 0.91, 14.6),
    "BV2": (180, 1.15, 0.95, 27.0),
    "Huh7": (1028, 1.6, 0.93, 13.2),
    "MCF7": (248, 1.6, 0.93, 23.9),
    "SHSY5Y": (312, 2.3, 0.72, 13.5),
    "SKOV3": (1082, 1.6, 0.90, 9.5),
    "SkBr3": (285, 1.2, 0.96, 25.3),
}


def masks_of(polygons: list[np.ndarray], height: int, width: int) -> np.ndarray:
    codes = mask.frPyObjects([polygon.ravel().tolist() for polygon in polygons], height, width)
    return np.moveaxis(mask.decode(codes), -1, 0).astype(bool)


@pytest.fixture(scope="module", params=CELL_TYPES)
def rendered(request):
    ((image, polygons),) = render_field(request.param, 0, [48 * 60])
    return request.param, image, masks_of(polygons, *image.shape)


def test_cells_look_like_the_real_ones(rendered):
    name, _, masks = rendered
    regions = [regionprops(cell.astype(np.uint8))[0] for cell in masks]
    area, aspect, solidity, _ = REAL[name]
    assert np.median([region.area for region in regions]) == pytest.approx(area, rel=0.4)
    lengths = [region.axis_major_length / max(region.axis_minor_length, 1) for region in regions]
    assert np.median(lengths) == pytest.approx(aspect, rel=0.25)
    assert np.median([region.solidity for region in regions]) == pytest.approx(solidity, abs=0.07)


def test_texture_not_brightness_tells_cells_from_background(rendered):
    name, image, masks = rendered
    cells = masks.any(axis=0)
    inside, outside = image[cells].astype(float), image[~cells].astype(float)
    assert abs(inside.mean() - outside.mean()) < 3
    assert inside.std() == pytest.approx(REAL[name][3], rel=0.35)
    assert 1.2 < outside.std() < 6
    assert abs(image.mean() - 128) < 1.5


def test_cells_overlap_a_little(rendered):
    _, _, masks = rendered
    covered = masks.sum(axis=0)
    assert np.count_nonzero(covered > 1) / np.count_nonzero(covered) < 0.07


def test_no_two_cells_pass_for_one_annotated_twice(rendered):
    _, _, masks = rendered
    flat = np.asfortranarray(np.moveaxis(masks, 0, -1).astype(np.uint8))
    overlaps = mask.iou(mask.encode(flat), mask.encode(flat), [0] * len(masks))
    np.fill_diagonal(overlaps, 0)
    assert overlaps.max() < 0.6


def test_an_image_depends_on_its_key_alone():
    first, second = render_field("A172", 5, [0, 240], 96, 128)
    (again,) = render_field("A172", 5, [240], 96, 128)
    (other,) = render_field("A172", 6, [240], 96, 128)
    assert np.array_equal(second[0], again[0])
    assert all(np.array_equal(a, b) for a, b in zip(second[1], again[1], strict=True))
    assert not np.array_equal(first[0], second[0])
    assert not np.array_equal(other[0], again[0])


def test_bytes_are_those_of_the_committed_run():
    ((image, polygons),) = render_field("SkBr3", 1, [600], 64, 96)
    digest = hashlib.sha256(image.tobytes() + b"".join(polygon.tobytes() for polygon in polygons))
    assert digest.hexdigest()[:16] == "68c0ba648f998ee5"


@pytest.mark.parametrize("name", ["MCF7", "SHSY5Y"])
def test_field_fills_and_consecutive_times_are_no_copies(name):
    start, early, late = render_field(name, 2, [0, 240, 72 * 60], 260, 352)
    assert len(start[1]) <= len(early[1]) < len(late[1])
    before, after = start[0].ravel().astype(float), early[0].ravel().astype(float)
    assert np.corrcoef(before, after)[0, 1] < 0.6


def test_polygons_are_valid_and_rounded():
    ((image, polygons),) = render_field("SKOV3", 3, [3000], 260, 352)
    for polygon, cell in zip(polygons, masks_of(polygons, *image.shape), strict=True):
        assert polygon.shape[0] >= 3
        assert np.array_equal(polygon, np.round(polygon, 2))
        assert polygon.min() >= 0
        assert np.all(polygon.max(axis=0) <= [352, 260])
        assert cell.any()


def test_early_field_can_be_truly_sparse():
    counts = [len(polygons) for _, polygons in render_field("Huh7", 0, [0])]
    assert 8 <= counts[0] <= 40


def test_tiny_images_work():
    ((image, _),) = render_field("A172", 0, [1200], 40, 48)
    assert image.shape == (40, 48)


def test_unknown_cell_type():
    with pytest.raises(InputError, match="'HeLa' is unknown"):
        render_field("HeLa", 0, [0])
