"""From a trained model to the files that the evaluation reads."""

import json
import shutil
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask
from tiny_project import TINY, disc_sample

from monolayer.annotations.coco import Coco, Image, write_coco
from monolayer.errors import InputError
from stages.predict import predict
from stages.train import train


@pytest.fixture
def trained(project):
    project.set_parameters({**TINY, "epochs": 10, "lr": 2e-2, "channels": [8, 16], "crops_per_epoch": 16})
    train(**project.train_arguments())
    return project


def run_predict() -> None:
    predict(
        model=Path("trained/tiny"),
        val=Path("clean/val.json"),
        raw=Path("clean"),
        images=Path("images"),
        tuned=Path("tuned.json"),
        out=Path("predicted"),
    )


def foreground(split: str, image_id: int) -> np.ndarray:
    return imagecodecs.imread(f"predicted/foreground/{split}/{image_id}.png")


def test_the_discs_are_found(trained):
    run_predict()
    truth = disc_sample(2).labels > 0
    predicted = foreground("test", 3) >= 128
    assert 2 * (predicted & truth).sum() / (predicted.sum() + truth.sum()) > 0.8


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_a_compiled_model_finds_the_same(trained):
    run_predict()
    expected = foreground("test", 3).astype(int)
    shutil.rmtree("predicted")
    trained.set_parameters(TINY, compile="default")
    run_predict()
    np.testing.assert_allclose(foreground("test", 3), expected, atol=1)


def test_results_are_cocos(trained):
    run_predict()
    results = json.loads(Path("predicted/test.json").read_text())
    covered = np.zeros((64, 72), dtype=int)
    for result in results:
        mask = coco_mask.decode(result["segmentation"])
        covered += mask
        rows, columns = np.nonzero(mask)
        left, top, width, height = result["bbox"]
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)
        assert result["image_id"] == 3
        assert result["category_id"] == 1
        # The mean certainty of the decoder: at a cell's border, that it ends there.
        assert 0.5 < result["score"] < foreground("test", 3)[mask > 0].mean() / 255
    assert (covered == (foreground("test", 3) >= 128)).all()


def test_a_raw_split_may_list_files_twice_and_files_that_are_unusable(trained, capsys):
    Path("images/broken.tif").write_bytes(b"II*\0")
    listed = [(7, "3.tif"), (8, "3.tif"), (9, "absent.tif"), (10, "broken.tif")]
    write_coco(Path("clean/test.json"), Coco([Image(number, name, 72, 64) for number, name in listed], []))
    run_predict()
    assert sorted(path.name for path in Path("predicted/foreground/test").iterdir()) == ["7.png", "8.png"]
    assert (foreground("test", 7) == foreground("test", 8)).all()
    found = [result["image_id"] for result in json.loads(Path("predicted/test.json").read_text())]
    assert found.count(7) == found.count(8) > 0
    printed = capsys.readouterr().out
    assert "test: skipped absent.tif" in printed
    assert "test: skipped broken.tif" in printed


def test_predicting_twice_gives_the_same_bytes(trained):
    run_predict()
    first = {path: path.read_bytes() for path in Path("predicted").rglob("*.*")}
    run_predict()
    assert first == {path: path.read_bytes() for path in Path("predicted").rglob("*.*")}


def test_a_gpu_whose_memory_is_full_names_what_to_lower(trained, monkeypatch):
    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    monkeypatch.setattr("stages.predict.Applied.__call__", full)
    with pytest.raises(InputError, match=r"memory of the GPU is full: lower predict\.tile"):
        run_predict()


def test_a_model_that_was_not_trained(project):
    with pytest.raises(InputError, match=r"trained/tiny/model\.json not found: train the model first"):
        run_predict()
