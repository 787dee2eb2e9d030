"""All thresholds on all images."""

from pathlib import Path

import numpy as np
import pytest
from tiny_split import image_score, two_images, write_split

from monolayer.annotations.coco import read_coco
from monolayer.annotations.rasterise import foreground_mask
from monolayer.baseline.scoring import BaselineSettings, baseline_metrics, score_thresholds, threshold_masks
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.metrics.overlap import confusion, dice

SETTINGS = BaselineSettings()
ALONE = ComputeSettings(jobs=1)
MINI = Path(__file__).resolve().parents[3] / "shared" / "livecell-mini"


def test_four_thresholds_with_and_without_morphology_and_ours():
    masks = threshold_masks(np.arange(1200, dtype=np.uint16).reshape(30, 40).astype(np.uint8), SETTINGS)
    assert list(masks) == [
        "otsu", "otsu+morphology", "triangle", "triangle+morphology", "huang", "huang+morphology",
        "maximum-entropy", "maximum-entropy+morphology", "texture",
    ]  # fmt: skip


def test_every_method_on_every_image(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    folder, truth = ImageFolder(tmp_path / "images"), tmp_path / "masks" / "semantic" / "test"
    scores = score_thresholds(two_images(), "test", folder, truth, SETTINGS, ALONE)
    assert [score.image_id for score in scores] == [1] * 9 + [2] * 9
    assert {score.cell_type for score in scores[9:]} == {"BV2"}
    assert {(score.split, score.cleaning) for score in scores} == {("test", "clean")}
    image = read_image(tmp_path / "images" / "test" / two_images().images[0].file_name)
    expected = confusion(read_image(truth / "1.png") > 0, threshold_masks(image, SETTINGS)["texture"])
    assert scores[8].counts.tolist() == expected.tolist()


def test_two_processes_give_the_same(tmp_path: Path):
    write_split(tmp_path, "val", two_images())
    folder, truth = ImageFolder(tmp_path / "images"), tmp_path / "masks" / "semantic" / "val"
    first, second = (
        score_thresholds(two_images(), "val", folder, truth, SETTINGS, ComputeSettings(jobs=jobs))
        for jobs in (1, 2)
    )
    assert first == second


def test_missing_image(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    folder = ImageFolder(tmp_path / "masks")
    with pytest.raises(InputError, match=r"A172_Phase_A1.*of split test is not below"):
        score_thresholds(two_images(), "test", folder, tmp_path, SETTINGS, ALONE)


def test_missing_mask(tmp_path: Path):
    write_split(tmp_path, "test", two_images())
    with pytest.raises(InputError, match=r"1\.png not found"):
        score_thresholds(two_images(), "test", ImageFolder(tmp_path / "images"), tmp_path, SETTINGS, ALONE)


def test_the_best_method_is_named():
    scores = [image_score(m, i, n) for m, n in (("otsu", 10), ("huang", 40)) for i in (1, 2)]
    metrics = baseline_metrics(scores)
    assert list(metrics) == ["test"]
    assert metrics["test"]["best"] == "huang"
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
        for method, mask in threshold_masks(grey, SETTINGS).items():
            counts.setdefault(method, []).append(confusion(truth, mask))
    dices = {method: float(dice(np.stack(own)).mean()) for method, own in counts.items()}
    assert dices["otsu"] == pytest.approx(0.25, abs=0.03)
    assert dices["huang+morphology"] == pytest.approx(0.7, abs=0.03)
    assert dices["texture"] > 0.85
