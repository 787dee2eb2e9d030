"""Images in which somebody found no cell: they stay in all stages, and what is predicted there is false."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from ctc_movie import HEIGHT, WIDTH, Movie
from own_coco import Own

from monolayer.annotations.coco import SPLITS, Coco, Image, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.cells import summarise_cells
from monolayer.evaluation.settings import CellSettings
from monolayer.evaluation.split import evaluate_split
from monolayer.evaluation.tasks import truth_tasks
from monolayer.images.files import write_mask, write_png, write_tiff
from monolayer.images.normalisation import NormaliseSettings
from monolayer.predictions.files import Result
from monolayer.training.crops import Crops
from monolayer.training.packing import read_packed
from monolayer.training.settings import CropSettings
from stages.baseline import baseline
from stages.deduplicate import deduplicate
from stages.download import download
from stages.explore import explore
from stages.masks import masks
from stages.pack import pack
from stages.sample import sample

IMAGES = 24


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the data stages have run; images of even numbers have no cell."""
    root = tmp_path_factory.mktemp("half-empty")
    (root / "given").mkdir()
    rows, columns = np.indices((96, 120))
    for number in range(IMAGES):
        rng = np.random.default_rng(number)
        labels = np.zeros(rows.shape, np.uint16)
        if number % 2:
            for cell, place in enumerate(rng.integers((12, 12), (84, 108), (4, 2)), start=1):
                labels[np.hypot(rows - place[0], columns - place[1]) < 9] = cell
        grey = np.where(labels > 0, rng.normal(140, 30, rows.shape), rng.normal(110, 4, rows.shape))
        write_png(root / "given" / f"{number}.png", np.clip(grey, 0, 255).astype(np.uint8))
        write_tiff(root / "given" / f"{number}_masks.tif", labels)
    run_data_stages(root, {"source": "labels", "images": str(root / "given")})
    return root


def run_data_stages(root: Path, entry: dict[str, Any]) -> None:
    parameters: dict[str, Any] = {"dataset": "own", "datasets": {"own": entry}}
    parameters |= {name: {} for name in ("sample", "deduplicate", "masks", "explore", "baseline")}
    (root / "params.yaml").write_text(yaml.safe_dump(parameters | {"compute": {"jobs": 1}}))
    clean = root / "clean"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        download(root / "raw", root / "scratch")
        sample(root / "raw" / "annotations", root / "sampled")
        deduplicate(
            root / "sampled", root / "raw/images", clean, root / "cleaning.json", root / "removed.json"
        )
        masks(clean, root / "masks")
        pack(clean, root / "raw/images", root / "masks", root / "packed")


def images_of(folder: Path) -> dict[str, Image]:
    return {
        image.file_name: image for split in SPLITS for image in read_coco(folder / f"{split}.json").images
    }


def test_no_image_is_removed(root: Path) -> None:
    kept = images_of(root / "clean")
    assert kept == images_of(root / "raw" / "annotations")
    assert {name: image.empty for name, image in kept.items()} == {
        f"{number}.png": number % 2 == 0 for number in range(IMAGES)
    }
    assert {image.truth for image in kept.values()} == {"complete"}


def test_their_masks_are_empty_and_they_are_packed(root: Path) -> None:
    packed = read_packed(root / "packed" / "train")
    for number, image in enumerate(packed.images):
        assert packed.image(number)[1].any() != image.empty


def test_crops_are_cut_from_them(root: Path) -> None:
    packed = read_packed(root / "packed" / "train")
    batch = Crops(packed, 32, 64, CropSettings(), NormaliseSettings(), seed=0).batch(0)
    filled = (batch.labels > 0).flatten(1).any(dim=1)
    assert (batch.labels >= 0).all()
    assert 0 < int(filled.sum()) < len(filled)


def test_they_are_explored_and_thresholded(root: Path) -> None:
    data = (root / "clean", root / "raw/images", root / "masks")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        explore(*data, *(root / name for name in ("tables", "dataset.json", "n.json", "cells.json", "plots")))
        baseline(*data, *(root / name for name in ("baseline.json", "b.json", "b.csv", "thresholds")))
    described = json.loads((root / "dataset.json").read_text())
    number = sum(described[split]["overall"]["images"] for split in SPLITS)
    assert number == IMAGES
    assert all(described[split]["overall"]["confluence_min"] == 0 for split in SPLITS)


def test_what_is_predicted_in_them_is_false(tmp_path: Path) -> None:
    image = Image(1, "a.png", 12, 10, empty=True)
    other = Image(2, "b.png", 12, 10, truth="none")
    for listed in (image, other):
        write_mask(tmp_path / f"{listed.id}.png", np.zeros((10, 12), bool))
    cell = msgspec.Raw(b'{"size": [10, 12], "counts": [0, 30, 90]}')
    tasks = truth_tasks(
        Coco([image, other], []), tmp_path, {number: [Result(number, cell, 0.9)] for number in (1, 2)}
    )
    settings = CellSettings()
    evaluation = evaluate_split(tasks, "net", "test", "clean", 0.5, 0.5, settings, ComputeSettings(jobs=1))
    (own,) = evaluation.cells
    assert own.image == image
    assert (own.counts.true.sum(), own.counts.predicted.sum()) == (0, 1)
    assert summarise_cells(evaluation.cells, settings)["overall"]["precision_50"] == 0


def test_frames_with_a_file_of_no_cells(tmp_path: Path) -> None:
    movie = Movie(tmp_path / "given").write()
    movie.write_labels("01_ST/SEG/man_seg", 1, np.zeros((HEIGHT, WIDTH), np.uint16))
    raw = movie.download(tmp_path / "raw")
    images = images_of(raw / "annotations")
    assert {name for name, image in images.items() if image.empty} == {"01/t001.tif"}
    assert images["01/t001.tif"].truth == "complete"


@pytest.mark.parametrize("truth", ["gold", "silver"])
def test_frames_with_a_file_of_no_markers(tmp_path: Path, truth: str) -> None:
    movie = Movie(tmp_path / "given").write(gold=[0, 4])
    movie.write_labels("01_GT/TRA/man_track", 1, np.zeros((HEIGHT, WIDTH), np.uint16))
    if truth == "silver":
        for frame in (1, 2):
            movie.path("01_ST/SEG/man_seg", frame).unlink()
    images = images_of(movie.download(tmp_path / "raw", truth=truth) / "annotations")
    assert {name for name, image in images.items() if image.empty} == {"01/t001.tif"}
    assert images["01/t001.tif"].truth == "complete"
    assert images["01/t002.tif"].truth == "none"


@pytest.mark.parametrize("empty", [True, False])
def test_coco_files_say_so_by_a_setting(own: Own, empty: bool) -> None:
    del own.file["annotations"][3]
    choice = {"images_without_annotations": "empty"} if empty else {}
    images = images_of(own.download(**choice) / "annotations")
    assert {name for name, image in images.items() if image.empty} == ({"3.png"} if empty else set())
