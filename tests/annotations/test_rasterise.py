"""Rasterisation, against pycocotools decoding one cell after the other."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import annotations_by_image, read_coco
from monolayer.annotations.rasterise import cell_runs, cover, foreground_mask, label_runs, painted
from monolayer.errors import InputError

LIVECELL_MINI = Path(__file__).resolve().parents[3] / "shared" / "livecell-mini" / "annotations" / "LIVECell"


def raw(segmentation: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(segmentation).encode())


def one_by_one(segmentations: list[msgspec.Raw], height: int, width: int) -> np.ndarray:
    """pycocotools' own way, as COCO.annToMask does it: bool [N, H, W]."""
    masks = []
    for text in segmentations:
        item = json.loads(bytes(text))
        codes = coco_mask.frPyObjects(item, height, width)
        masks.append(coco_mask.decode(coco_mask.merge(codes) if isinstance(codes, list) else codes))
    return np.array(masks, dtype=bool)


def as_masks(segmentations: list[msgspec.Raw], height: int, width: int) -> np.ndarray:
    position, cell = cell_runs(segmentations, height, width).pixels()
    flat = np.zeros((len(segmentations), width * height), dtype=bool)
    flat[cell, position] = True
    return flat.reshape(-1, width, height).transpose(0, 2, 1)


def star(generator: np.random.Generator, height: int, width: int) -> list[float]:
    angles = np.sort(generator.uniform(0, 2 * np.pi, generator.integers(3, 40)))
    radii = generator.uniform(0.5, 30, len(angles))
    centre = generator.uniform([-10, -10], [width + 10, height + 10])
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    return np.round(points, 2).ravel().tolist()


def test_random_polygons_match_pycocotools_also_where_they_leave_the_image():
    generator = np.random.default_rng(0)
    segmentations = [raw([star(generator, 60, 90)]) for _ in range(200)]
    np.testing.assert_array_equal(as_masks(segmentations, 60, 90), one_by_one(segmentations, 60, 90))


def test_polygons_of_every_size_and_roughness_match_pycocotools():
    generator = np.random.default_rng(2)
    for trial in range(500):
        height, width = generator.integers(1, 60, 2).tolist()
        reach = generator.choice([1, 3, 10, 80, 400])
        points = generator.uniform(-reach, reach + 40, (generator.integers(3, 12), 2)).round(trial % 3)
        points[1] = points[trial % 2]  # every second one has an edge of no length
        outline = [raw([points.ravel().tolist()])]
        np.testing.assert_array_equal(as_masks(outline, height, width), one_by_one(outline, height, width))


def test_drawing_in_lots_and_bands_changes_nothing(monkeypatch):
    generator = np.random.default_rng(5)
    segmentations = [raw([star(generator, 60, 90), star(generator, 60, 90)]) for _ in range(60)]
    masks = one_by_one(segmentations, 60, 90)
    last = np.max(masks * np.arange(1, 61)[:, None, None], axis=0)
    for band, lot in ((2**20, 2048), (60, 7), (137, 1)):
        monkeypatch.setattr("monolayer.annotations.rasterise.BAND", band)
        monkeypatch.setattr("monolayer.annotations.rasterise.LOT", lot)
        np.testing.assert_array_equal(as_masks(segmentations, 60, 90), masks)
        np.testing.assert_array_equal(foreground_mask(segmentations, 60, 90), masks.any(0))
        np.testing.assert_array_equal(painted(cell_runs(segmentations, 60, 90), 60, 90), last)
        np.testing.assert_array_equal(
            cover(cell_runs(segmentations, 60, 90), 60 * 90, 60), masks.sum(0).T.ravel()
        )


def test_a_pixel_may_have_more_cells_than_a_byte_counts():
    square = raw([[1, 1, 4, 1, 4, 4, 1, 4]])
    counts = cover(cell_runs([square] * 300, 6, 6), 36, 300).reshape(6, 6)
    assert sorted(np.unique(counts).tolist()) == [0, 300]


def test_several_polygons_of_one_cell_are_united():
    segmentations = [raw([[0, 0, 4, 0, 4, 4, 0, 4], [2, 2, 6, 2, 6, 6, 2, 6]]), raw([[7, 0, 9, 0, 9, 9]])]
    np.testing.assert_array_equal(as_masks(segmentations, 10, 10), one_by_one(segmentations, 10, 10))
    assert cell_runs(segmentations, 10, 10).areas(2)[0] == 16 + 16 - 4


def test_polygons_and_codes_of_several_cells_keep_their_places():
    generator = np.random.default_rng(3)
    segmentations = [raw([star(generator, 20, 30) for _ in range(number % 4)]) for number in range(40)]
    code = {"size": [20, 30], "counts": [45, 70, 485]}
    segmentations[10] = segmentations[25] = raw(code)
    expected = np.stack(
        [
            one_by_one([text], 20, 30)[0] if text != raw([]) else np.zeros((20, 30), bool)
            for text in segmentations
        ]
    )
    runs = cell_runs(segmentations, 20, 30)
    np.testing.assert_array_equal(as_masks(segmentations, 20, 30), expected)
    assert (np.diff(runs.cell) >= 0).all()
    np.testing.assert_array_equal(runs.areas(40), expected.sum((1, 2)))
    codes = coco_mask.encode(np.asfortranarray(expected[expected.any((1, 2))].transpose(1, 2, 0), np.uint8))
    np.testing.assert_array_equal(runs.boxes(20), coco_mask.toBbox(codes))


def test_a_number_without_a_partner_is_passed_over():
    outlines = [raw([[1, 1, 4, 1, 4, 4, 9]]), raw([[1, 1, 4, 1, 4, 4]])]
    first, second = as_masks(outlines, 6, 6)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("far", [1e9, 1e19, 1e300, -1e300])
def test_corners_however_far_leave_the_other_cells_alone(far):
    square = raw([[1, 1, 4, 1, 4, 4, 1, 4]])
    first, spike, last = as_masks([square, raw([[0, 2, far, 2, far, 4, 0, 4]]), square], 6, 6)
    np.testing.assert_array_equal(first, one_by_one([square], 6, 6)[0])
    np.testing.assert_array_equal(last, first)
    assert spike.sum() == (2 * 6 if far > 0 else 0)


def test_run_length_codes_compressed_and_not():
    cell = np.zeros((5, 7), dtype=np.uint8, order="F")
    cell[1:4, 2:6] = 1
    compressed = coco_mask.encode(cell)
    segmentations = [
        raw({"size": [5, 7], "counts": compressed["counts"].decode()}),
        raw({"size": [5, 7], "counts": [11, 3, 2, 3, 2, 3, 2, 3, 6]}),
    ]
    for mask in as_masks(segmentations, 5, 7):
        np.testing.assert_array_equal(mask, cell)


def test_code_that_begins_with_foreground_and_full_image():
    full = {"size": [4, 6], "counts": [0, 24]}
    assert as_masks([raw(full)], 4, 6).all()


@pytest.mark.parametrize("segmentations", [[], [raw([])], [raw([[1, 1, 2, 2]])], [raw([[]])]])
def test_nothing_to_draw_gives_no_pixels(segmentations):
    assert cell_runs(segmentations, 5, 5).start.size == 0
    assert not foreground_mask(segmentations, 5, 5).any()


def test_degenerate_polygon_does_not_disturb_its_neighbours():
    cell = raw([[1, 1, 4, 1, 4, 4, 1, 4]])
    assert as_masks([raw([[1, 1, 2, 2]]), cell], 6, 6)[1].sum() == one_by_one([cell], 6, 6).sum()


def test_foreground_is_the_union():
    generator = np.random.default_rng(1)
    segmentations = [raw([star(generator, 40, 50)]) for _ in range(30)]
    expected = one_by_one(segmentations, 40, 50).any(0)
    np.testing.assert_array_equal(foreground_mask(segmentations, 40, 50), expected)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({"size": [5, 8], "counts": [40]}, r"size \[5, 8\] in an image of \[5, 7\]"),
        ({"size": [5, 7], "counts": [30]}, "counts 30 pixels in an image of 35"),
        ({"size": [5, 7], "counts": "521"}, "counts 8 pixels in an image of 35"),
        ({"size": [5, 7], "counts": ""}, "counts 0 pixels"),
        ({"size": [5, 7], "counts": "b0R"}, "counts 0 pixels"),
        ({"size": [5, 7], "counts": "5N"}, "counts 0 pixels"),
        ({"size": [5, 7], "counts": "~!"}, "counts 0 pixels"),
        ({"size": [5, 7], "counts": "o" * 12 + "1"}, "counts 0 pixels"),
        ({"size": [5, 7], "counts": [10**30]}, f"counts {10**30} pixels"),
        ({"size": [5, 7], "counts": [2**63 - 1, 2**63 - 1, 37]}, f"counts {2**64 + 35} pixels"),
    ],
)
def test_code_that_does_not_fit_the_image_is_an_error(code, message):
    with pytest.raises(InputError, match=message):
        cell_runs([raw(code)], 5, 7)


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason="../shared/livecell-mini is not beside this checkout")
def test_real_polygons_match_pycocotools():
    coco = read_coco(LIVECELL_MINI / "livecell_coco_val.json")
    groups = annotations_by_image(coco)
    for image in coco.images:
        segmentations = [annotation.segmentation for annotation in groups[image.id]]
        expected = one_by_one(segmentations, image.height, image.width)
        np.testing.assert_array_equal(as_masks(segmentations, image.height, image.width), expected)


def test_chosen_cells_are_numbered_anew_and_keep_their_pixels():
    labels = np.array([[1, 2, 2], [1, 0, 3], [3, 3, 3]])
    chosen = label_runs(labels).cells(np.array([True, False, True]))
    position, cell = chosen.pixels()
    assert dict(zip(position.tolist(), cell.tolist(), strict=True)) == {0: 0, 1: 0, 2: 1, 5: 1, 7: 1, 8: 1}
    assert len(label_runs(labels).cells(np.zeros(3, dtype=bool)).start) == 0
