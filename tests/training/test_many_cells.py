"""An image of more cells than 16 bits can number, from annotations over masks and crops to scores."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.annotations.label_images import MaskSettings
from monolayer.annotations.rasterise import label_runs
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.cells import annotated_images, compare_cells, summarise_cells, true_cells
from monolayer.evaluation.settings import CellSettings
from monolayer.images.files import write_tiff
from monolayer.images.mask_files import write_mask_files
from monolayer.images.normalisation import NormaliseSettings
from monolayer.predictions.cells import cells_of_labels
from monolayer.training.crops import Crops
from monolayer.training.data import WholeImages
from monolayer.training.packing import Packed, pack_resized, pack_split, read_packed
from monolayer.training.settings import CropSettings

SIDE, CELLS = 400, 70_000
TWICE = 2 * np.arange(CELLS)
HERE = ComputeSettings(jobs=1)


def labels_of_many() -> np.ndarray:
    """Cells of a pixel each in every second column, every seventh of two pixels; int64 [SIDE, SIDE]."""
    labels = np.zeros((SIDE, SIDE), dtype=np.int64)
    labels.ravel()[TWICE] = np.arange(1, CELLS + 1)
    labels.ravel()[TWICE[::7] + 1] = np.arange(1, CELLS + 1, 7)
    return labels


def annotations() -> Coco:
    cells = []
    for number, start in enumerate(TWICE.tolist()):
        (top, left), width = divmod(start, SIDE), 1 if number % 7 else 2
        right, bottom = left + width, top + 1
        outline = [[left, top, right, top, right, bottom, left, bottom]]
        text, box = (msgspec.Raw(msgspec.json.encode(item)) for item in (outline, [left, top, width, 1]))
        cells.append(Annotation(number + 1, 1, text, float(width), box))
    return Coco([Image(1, "many.tif", SIDE, SIDE)], cells)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    coco = annotations()
    write_coco(root / "clean/train.json", coco)
    (root / "images/train").mkdir(parents=True)
    write_tiff(root / "images/train/many.tif", (labels_of_many() % 251).astype(np.uint8))
    write_mask_files(root / "clean/train.json", root / "masks", "train", MaskSettings(), HERE)
    pack_split(root / "clean", root / "images", root / "masks", "train", root / "packed", HERE)
    return root


@pytest.fixture(scope="module")
def packed(root: Path) -> Packed:
    return read_packed(root / "packed")


def test_masks_number_every_cell(root: Path):
    labels = tifffile.imread(root / "masks/instance/train/1.tif")
    assert labels.dtype == np.uint32
    assert_array_equal(labels, labels_of_many())


def test_packed_labels_come_back(packed: Packed):
    assert packed.labels.dtype == np.uint32
    assert_array_equal(packed.image(0)[1], labels_of_many())
    assert packed.labels[packed.labels != 0].size == np.count_nonzero(labels_of_many())


def test_resized_labels_keep_their_numbers(packed: Packed, tmp_path: Path):
    pack_resized(packed, SIDE // 2, tmp_path / "resized")
    resized = read_packed(tmp_path / "resized")
    assert resized.labels.dtype == np.uint32
    assert_array_equal(resized.image(0)[1], labels_of_many()[1::2, 1::2])


@pytest.mark.parametrize("settings", [{}, {"rotate": 1e-6}])
def test_crops_hold_the_same_labels(packed: Packed, settings: dict[str, float]):
    source = Crops(packed, SIDE, 1, CropSettings(turns=False, **settings), NormaliseSettings(), seed=0)
    labels = source.batch(0).labels[0].numpy()
    assert labels.dtype == np.int32
    assert_array_equal(labels, labels_of_many())


def test_label_65_536_is_no_background(packed: Packed):
    labels = np.where(labels_of_many() == 65_536, 65_536, 0).astype(np.uint32)
    alone = replace(packed, labels=labels.ravel(), foreground=(labels > 0).sum(axis=1).astype(np.int32))
    source = Crops(alone, 1, 8, CropSettings(positive_fraction=1, shift=0), NormaliseSettings(), seed=0)
    assert set(source.batch(0).labels.ravel().tolist()) == {65_536}


def test_whole_images_hold_the_same_labels(packed: Packed):
    _, labels, counts = WholeImages(packed, NormaliseSettings(), None)[0]
    assert counts
    assert_array_equal(labels[0].numpy(), labels_of_many())


def test_evaluation_tells_all_cells_apart():
    (truth,) = map(true_cells, annotated_images(annotations(), annotations().images))
    found = np.arange(CELLS) % 10 > 0
    prediction = label_runs(labels_of_many()).cells(found)
    settings = CellSettings(max_dets=[100])
    cells = compare_cells(truth, prediction, np.linspace(0, 1, found.sum()), settings)
    assert_array_equal(cells.counts.true, [CELLS, 0, 0])
    assert_array_equal(cells.counts.matched[0], [found.sum()] * 21)
    assert not cells.counts.false.any()
    overall = summarise_cells([cells], settings)["overall"]
    assert (overall["recall_50"], overall["precision_50"], overall["seg"]) == (0.9, 1, 0.9)


def test_predicted_cells_have_scores_of_their_own():
    labels = labels_of_many()
    cells = cells_of_labels(labels, (labels / CELLS).astype(np.float32))
    np.testing.assert_allclose(cells.scores, np.arange(1, CELLS + 1) / CELLS, rtol=1e-6)
