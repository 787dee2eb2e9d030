"""explore, baseline, evaluate and compare, one after the other on a tiny split."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tiny_split import square, two_images, write_split

from monolayer.errors import InputError
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
    shared = {"annotations": root / "clean", "images": root / "images", "masks": root / "masks"}
    table = root / "tables" / "annotations.csv"
    explore(
        **shared, table=table, metrics=root / "metrics" / "dataset.json", plots=root / "plots" / "explore"
    )
    baseline(**shared, metrics=root / "metrics" / "baseline.json", plots=root / "plots" / "baseline")
    run_evaluate(root)
    run_compare(root)


def run_evaluate(root: Path) -> None:
    evaluate(
        predictions=root / "predictions" / "unet",
        raw=root / "sampled",
        clean=root / "clean",
        images=root / "images",
        metrics=root / "metrics" / "evaluate" / "unet.json",
        scores=root / "scores" / "unet.npz",
        plots=root / "plots" / "evaluate" / "unet",
    )


def run_compare(root: Path) -> None:
    compare(
        evaluations=root / "metrics" / "evaluate",
        foreground=root / "plots" / "evaluate",
        cells=root / "scores",
        baseline=root / "plots" / "baseline",
        metrics=root / "metrics" / "comparison.json",
        plots=root / "plots" / "comparison",
    )


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


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


def test_explore(project: Path):
    described = read_json(project / "metrics" / "dataset.json")
    assert list(described) == ["train", "val", "test"]
    assert described["train"]["overall"]["cells"] == 3
    assert len((project / "tables" / "annotations.csv").read_text().splitlines()) == 1 + 9
    written = {
        path.relative_to(project / "plots" / "explore").as_posix()
        for path in (project / "plots" / "explore").rglob("*.*")
    }
    assert written == {
        "counts.png", "distributions.png", "images.csv", "cell_types/A172.png", "cell_types/BV2.png",
    }  # fmt: skip


def test_baseline(project: Path):
    scored = read_json(project / "metrics" / "baseline.json")
    assert list(scored) == ["val", "test"]
    assert scored["test"]["texture"]["overall"]["dice"] > 0.7
    assert (project / "plots" / "baseline" / "dice.png").stat().st_size > 1000


def test_evaluate(project: Path):
    scored = read_json(project / "metrics" / "evaluate" / "unet.json")
    assert {split: list(truths) for split, truths in scored.items()} == {
        "val": ["raw", "clean"],
        "test": ["raw", "clean"],
    }
    assert scored["test"]["clean"]["overall"]["dice"] == 1
    assert scored["test"]["clean"]["threshold"] == scored["val"]["raw"]["threshold"] == 0.5
    folder = project / "plots" / "evaluate" / "unet"
    assert {path.name for path in folder.iterdir()} == {
        "images.csv", "iou.tsv", "precision_recall.tsv",
        "overlays.png", "confluence.png", "cells.png", "cell_overlays.png",
    }  # fmt: skip
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000


def test_the_score_floor_is_chosen_on_val_and_counts_on_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    for split, image_id, scores in (("val", 12, [0.3, 0.1]), ("test", 22, [0.3, 0.5])):
        path = tmp_path / "predictions" / "unet" / f"{split}.json"
        cell = {"image_id": image_id, "segmentation": [square(0, 0, 8)]}
        false = [{**cell, "score": score} for score in scores]
        path.write_text(json.dumps([*read_json(path), *false]))
    run_evaluate(tmp_path)
    scored = read_json(tmp_path / "metrics" / "evaluate" / "unet.json")
    own = [scored[split][cleaning] for split in ("val", "test") for cleaning in ("raw", "clean")]
    assert [truth["score_floor"] for truth in own] == [0.35] * 4
    assert [truth["overall"]["cells_predicted"] for truth in own] == [3, 3, 4, 4]


def test_a_score_floor_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**PARAMETERS, "evaluate": {"score_floor": 0.95}}))
    run_evaluate(tmp_path)
    scored = read_json(tmp_path / "metrics" / "evaluate" / "unet.json")["test"]["clean"]
    assert scored["score_floor"] == 0.95
    assert (scored["overall"]["cells_predicted"], scored["overall"]["ap"]) == (0, 1)


def test_compare(project: Path, capsys: pytest.CaptureFixture[str]):
    run_compare(project)
    words = capsys.readouterr().out.splitlines()
    assert words[3].startswith("unet  ")
    assert words[-2:] == [
        f"table: {project / 'plots' / 'comparison' / 'comparison.csv'}",
        f"plots: {project / 'plots' / 'comparison'}",
    ]
    assert read_json(project / "metrics" / "comparison.json")["best_model"] == "unet"
    with (project / "plots" / "comparison" / "comparison.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["method"] == "unet"


def test_the_same_bytes_again(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    again = make_project(tmp_path / "again")
    monkeypatch.chdir(again)
    run_all(again)
    for path in [*(project / "plots").rglob("*.*"), *(project / "metrics").rglob("*.json")]:
        assert path.read_bytes() == (again / path.relative_to(project)).read_bytes(), path.name


def test_compare_after_a_model_was_removed(project: Path):
    gone = project / "metrics" / "evaluate" / "gone.json"
    gone.write_text("{}")
    with pytest.raises(
        InputError, match=r"gone\.json: params\.yaml has no model 'gone' any more: delete that file"
    ):
        run_compare(project)
    gone.unlink()
