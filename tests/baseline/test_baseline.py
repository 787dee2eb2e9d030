"""All thresholds on all images."""

import csv
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from tiny_split import image_score, two_images, write_split

from monolayer.annotations.coco import Image, read_coco
from monolayer.annotations.rasterise import foreground_mask
from monolayer.baseline.scoring import (
    BaselineSettings,
    baseline_metrics,
    score_thresholds,
    side_of_cells,
    threshold_masks,
)
from monolayer.baseline.sides import choose_side
from monolayer.baseline.thresholds import HISTOGRAM_FILTERS, histogram_threshold
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_mask, write_tiff
from monolayer.images.folder import ImageFolder
from monolayer.metrics.overlap import confusion, dice

SETTINGS = BaselineSettings()
ALONE = ComputeSettings(jobs=1)
MINI = Path(__file__).resolve().parents[3] / "shared" / "livecell-mini"
NUCLEI = MINI.parent / "dsb2018-mini"


def test_four_thresholds_with_and_without_morphology_and_ours():
    masks = threshold_masks(
        np.arange(1200, dtype=np.uint16).reshape(30, 40).astype(np.uint8), SETTINGS, "dark"
    )
    assert [method for method, _ in masks] == [
        "otsu", "otsu+morphology", "triangle", "triangle+morphology", "huang", "huang+morphology",
        "maximum-entropy", "maximum-entropy+morphology", "texture",
    ]  # fmt: skip


def test_every_method_on_every_image(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    folder, truth = ImageFolder(tmp_path / "images"), tmp_path / "masks" / "semantic" / "test"
    scores = score_thresholds(two_images().images, "test", folder, truth, SETTINGS, ALONE, "dark")
    assert [score.image_id for score in scores] == [1] * 9 + [2] * 9
    assert {score.cell_type for score in scores[9:]} == {"BV2"}
    assert {(score.split, score.cleaning) for score in scores} == {("test", "clean")}
    image = read_image(tmp_path / "images" / "test" / two_images().images[0].file_name)
    expected = confusion(
        read_image(truth / "1.png") > 0, dict(threshold_masks(image, SETTINGS, "dark"))["texture"]
    )
    assert scores[8].counts.tolist() == expected.tolist()


def test_two_processes_give_the_same(tmp_path: Path):
    write_split(tmp_path, "val", two_images())
    folder, truth = ImageFolder(tmp_path / "images"), tmp_path / "masks" / "semantic" / "val"
    first, second = (
        score_thresholds(
            two_images().images, "val", folder, truth, SETTINGS, ComputeSettings(jobs=jobs), "dark"
        )
        for jobs in (1, 2)
    )
    assert first == second


def test_missing_image(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    folder = ImageFolder(tmp_path / "masks")
    with pytest.raises(InputError, match=r"A172_Phase_A1.*of split test is not below"):
        score_thresholds(two_images().images, "test", folder, tmp_path, SETTINGS, ALONE, "dark")


def test_missing_mask(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    with pytest.raises(InputError, match=r"1\.png not found"):
        score_thresholds(
            two_images().images, "test", ImageFolder(tmp_path / "images"), tmp_path, SETTINGS, ALONE, "dark"
        )


def test_the_best_method_is_named():
    scores = [image_score(m, i, n) for m, n in (("otsu", 10), ("huang", 40)) for i in (1, 2)]
    metrics = baseline_metrics(scores, "bright")
    assert list(metrics) == ["test"]
    assert metrics["test"]["best"] == "huang"
    assert metrics["test"]["otsu"]["side"] == metrics["test"]["huang"]["side"] == "bright"
    assert metrics["test"]["otsu"]["overall"]["dice"] == pytest.approx(20 / 60)
    assert list(metrics["test"]["huang"]["by_cell_type"]) == ["A172"]


@pytest.mark.skipif(not MINI.exists(), reason="the real images of ../shared/livecell-mini are not here")
def test_published_figures_on_real_images():
    coco = read_coco(MINI / "annotations" / "LIVECell" / "livecell_coco_test.json")
    counts: dict[str, list[np.ndarray]] = {}
    for image in coco.images:
        own = [a.segmentation for a in coco.annotations if a.image_id == image.id]
        truth = foreground_mask(own, image.height, image.width)
        grey = read_image(ImageFolder(MINI / "images").path(image.file_name, "test"))
        for method, mask in threshold_masks(grey, SETTINGS, "dark"):
            counts.setdefault(method, []).append(confusion(truth, mask))
    dices = {method: float(dice(np.stack(own)).mean()) for method, own in counts.items()}
    assert dices["otsu"] == pytest.approx(0.25, abs=0.03)
    assert dices["huang+morphology"] == pytest.approx(0.7, abs=0.03)
    assert dices["texture"] > 0.85


def write_discs(
    folder: Path, cell: int, background: int, truth: str = "complete"
) -> tuple[list[Image], Path]:
    """Write three images of two discs each, and their masks."""
    images = [Image(number, f"{number}.tif", 60, 50, truth=truth) for number in (1, 2, 3)]  # type: ignore[arg-type]
    rows, columns = np.mgrid[:50, :60]
    for image in images:
        generator = np.random.default_rng(image.id)
        mask = (np.hypot(rows - 15, columns - 15) < 9) | (np.hypot(rows - 30, columns - 44) < 7)
        grey = np.where(mask, cell, background) + generator.normal(0, 6, mask.shape)
        for name in ("images", "masks"):
            (folder / name).mkdir(exist_ok=True)
        write_tiff(folder / "images" / image.file_name, grey.clip(0, 255).astype(np.uint8))
        write_mask(folder / "masks" / f"{image.id}.png", mask)
    return images, folder / "masks"


@pytest.mark.parametrize(("cell", "background", "side"), [(60, 140, "dark"), (140, 60, "bright")])
def test_the_side_of_the_cells_is_chosen(tmp_path: Path, cell: int, background: int, side: str):
    images, masks = write_discs(tmp_path, cell, background)
    folder = ImageFolder(tmp_path / "images")
    chosen = side_of_cells(images, "train", folder, masks, ALONE)
    assert chosen == side
    scores = score_thresholds(images, "test", folder, masks, SETTINGS, ALONE, chosen)
    assert [score.dice for score in scores if score.method == "otsu"] == pytest.approx([1, 1, 1], abs=0.01)


def test_without_complete_images_the_side_is_dark(tmp_path: Path):
    images, masks = write_discs(tmp_path, 140, 60, truth="partial")
    assert side_of_cells(images, "train", ImageFolder(tmp_path / "images"), masks, ALONE) == "dark"


@pytest.mark.skipif(not MINI.exists(), reason="the real images of ../shared/livecell-mini are not here")
def test_real_phase_contrast_is_dark():
    counts = []
    for split in ("train", "val", "test"):
        coco = read_coco(MINI / "annotations" / "LIVECell" / f"livecell_coco_{split}.json")
        for image in coco.images:
            own = [a.segmentation for a in coco.annotations if a.image_id == image.id]
            truth = foreground_mask(own, image.height, image.width)
            grey = read_image(ImageFolder(MINI / "images").path(image.file_name, "test"))
            counts += [confusion(truth, histogram_threshold(grey, method)) for method in HISTOGRAM_FILTERS]
    assert len(counts) == 4 * 12
    assert choose_side(np.array(counts)) == "dark"


@pytest.mark.skipif(not NUCLEI.exists(), reason="the real images of ../shared/dsb2018-mini are not here")
def test_real_fluorescence_is_bright():
    with (NUCLEI / "manifest.csv").open(newline="") as file:
        stems = [
            row["file"].removesuffix(".png") for row in csv.DictReader(file) if row["kind"] == "gray-dark"
        ]
    images = [read_image(NUCLEI / f"{stem}.png") for stem in stems]
    truths = [imagecodecs.imread(str(NUCLEI / f"{stem}_labels.png")) > 0 for stem in stems]
    pairs = list(zip(images, truths, strict=True))
    assert len(pairs) == 14
    dark = [confusion(truth, histogram_threshold(image, "otsu")) for image, truth in pairs]
    assert choose_side(np.array(dark)) == "bright"
    bright = [confusion(truth, histogram_threshold(image, "otsu", "bright")) for image, truth in pairs]
    assert float(dice(np.array(dark)).mean()) < 0.2
    assert float(dice(np.array(bright)).mean()) > 0.85
