"""explore, baseline, evaluate and compare, one after the other on a tiny split."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tiny_split import (
    baseline_arguments,
    compare_arguments,
    evaluate_arguments,
    explore_arguments,
    square,
    two_images,
    write_split,
)

from stages.baseline import baseline
from stages.compare import compare
from stages.evaluate import evaluate
from stages.explore import explore

PARAMETERS = {
    "explore": {"area_percentiles": [50]},
    "baseline": {"dilate_radius": 2, "erode_radius": 2},
    "evaluate": {},
    "compare": {"resamples": 100},
    "models": {"unet": {}},
    "compute": {"jobs": 1},
}


def run_all(root: Path) -> None:
    """Run the four stages; their outs are below `root`."""
    explore(**explore_arguments(root))
    baseline(**baseline_arguments(root))
    evaluate(**evaluate_arguments(root))
    compare(**compare_arguments(root))


def make_project(root: Path) -> Path:
    """Write the stages' inputs and params.yaml below `root`."""
    for first_id, split in ((1, "train"), (11, "val"), (21, "test")):
        write_split(root, split, two_images(first_id))
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMETERS))
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project in which all four stages have run."""
    root = make_project(tmp_path_factory.mktemp("project"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        run_all(root)
        yield root


TRUTHS = [(split, cleaning) for split in ("val", "test") for cleaning in ("raw", "clean")]


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


def test_explore(project: Path):
    described = read_json(project / "metrics" / "dataset.json")
    assert list(described) == ["train", "val", "test"]
    assert described["train"]["overall"]["cells"] == 3
    assert read_json(project / "metrics" / "images.json") == {"total": 6}
    assert read_json(project / "metrics" / "cells.json") == {"total": 9}
    assert len((project / "tables" / "annotations.csv").read_text().splitlines()) == 1 + 9
    assert len((project / "tables" / "images.csv").read_text().splitlines()) == 1 + 6
    folder = project / "plots" / "explore"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        "counts.png", "distributions.png", "cell_types/A172.png", "cell_types/BV2.png",
    }  # fmt: skip


def test_baseline(project: Path):
    scored = read_json(project / "metrics" / "baseline.json")
    assert list(scored) == ["val", "test"]
    assert scored["test"]["texture"]["overall"]["dice"] > 0.7
    (plot,) = (project / "plots" / "baseline").iterdir()
    assert (plot.name, plot.stat().st_size > 1000) == ("dice.png", True)
    with (project / "scores" / "baseline.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["split"], row["method"]) for row in rows} >= {("val", "otsu"), ("test", "texture")}


def test_evaluate(project: Path):
    scored = read_json(project / "metrics" / "evaluate" / "unet.json")
    assert {split: list(truths) for split, truths in scored.items()} == {
        "val": ["raw", "clean"],
        "test": ["raw", "clean"],
    }
    assert scored["test"]["clean"]["overall"]["dice"] == 1
    assert scored["test"]["clean"]["threshold"] == scored["val"]["raw"]["threshold"] == 0.5
    chosen = [scored[split][cleaning].get("chosen_on_these_images") for split, cleaning in TRUTHS]
    assert chosen == ["epoch, decoder, threshold, score_floor"] * 2 + [None] * 2
    folder = project / "plots" / "evaluate" / "unet"
    assert {path.name for path in folder.iterdir()} == {
        "overlays.png", "confluence.png", "cells.png", "cell_overlays.png",
    }  # fmt: skip
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    assert len((project / "scores" / "unet.csv").read_text().splitlines()) == 1 + 2 * 2 * 2
    assert read_json(project / "metrics" / "unet.json") == {
        "dice": 1, "ap50": 1, "f1_50": 1, "pq": 1, "count_err": 0, "area_rmse": 0, "sec": 61,
    }  # fmt: skip


def test_the_score_floor_is_chosen_on_val_and_counts_on_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    for split, image_id, scores in (("val", 12, [0.3, 0.1]), ("test", 22, [0.3, 0.5])):
        path = tmp_path / "predictions" / "unet" / f"{split}.json"
        cell = {"image_id": image_id, "segmentation": [square(0, 0, 8)]}
        false = [{**cell, "score": score} for score in scores]
        path.write_text(json.dumps([*read_json(path), *false]))
    evaluate(**evaluate_arguments(tmp_path))
    scored = read_json(tmp_path / "metrics" / "evaluate" / "unet.json")
    own = [scored[split][cleaning] for split, cleaning in TRUTHS]
    assert [truth["score_floor"] for truth in own] == [0.35] * 4
    assert [truth["overall"]["cells_predicted"] for truth in own] == [3, 3, 4, 4]


def test_a_score_floor_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**PARAMETERS, "evaluate": {"score_floor": 0.95}}))
    evaluate(**evaluate_arguments(tmp_path))
    val, test = (
        read_json(tmp_path / "metrics" / "evaluate" / "unet.json")[split] for split in ("val", "test")
    )
    assert val["clean"]["chosen_on_these_images"] == "epoch, decoder, threshold"
    scored = test["clean"]
    assert scored["score_floor"] == 0.95
    assert (scored["overall"]["cells_predicted"], scored["overall"]["ap"]) == (0, 1)


def test_compare(project: Path, capsys: pytest.CaptureFixture[str]):
    compare(**compare_arguments(project))
    words = capsys.readouterr().out.splitlines()
    assert words[3].startswith("unet  ")
    assert "(here CPU, AVX2 in 32-true)" in words[-1]
    assert max(map(len, words)) <= 100
    assert read_json(project / "metrics" / "comparison.json")["best_model"] == "unet"
    with (project / "plots" / "comparison" / "comparison.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["method"] == "unet"
    for name, columns in {
        "validation_dice": ["model", "epoch", "val_dice"],
        "training_loss": ["model", "epoch", "train_loss"],
        "iou": ["model", "iou", "precision", "recall", "accuracy", "images"],
        "precision_recall": ["model", "recall", "IoU_0.50", "IoU_0.75", "IoU_0.90", "images"],
    }.items():
        header, first, *_ = (project / "plots" / "comparison" / f"{name}.tsv").read_text().splitlines()
        assert header.split("\t") == columns
        assert first.split("\t")[0] == "unet"
        assert "" not in first.split("\t")


def test_the_same_bytes_again(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    again = make_project(tmp_path / "again")
    monkeypatch.chdir(again)
    run_all(again)
    for path in [*(project / "plots").rglob("*.*"), *(project / "metrics").rglob("*.json")]:
        assert path.read_bytes() == (again / path.relative_to(project)).read_bytes(), path.name


def test_files_of_models_that_are_gone_do_not_matter(project: Path):
    before = (project / "metrics" / "comparison.json").read_bytes()
    gone = [project / "metrics" / folder / "gone.json" for folder in ("evaluate", "by_image", "train")]
    for path in gone:
        path.write_text("{}")
    compare(**compare_arguments(project))
    assert (project / "metrics" / "comparison.json").read_bytes() == before
    for path in gone:
        path.unlink()
