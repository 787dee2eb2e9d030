"""The whole DAG on tiny data, through DVC, as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from dvc.utils.serialize import modify_yaml

from monolayer.plots.page import write_page_template

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ("metrics/", "plots/", "benchmarks/results/")
TINY_DATASET = {
    "cell_types": ["A172", "BV2"],
    "train_images": 2,
    "val_images": 1,
    "test_images": 2,
    "width": 160,
    "height": 128,
}
TINY_DEFECTS = {"same_pixels": 1, "leak_same_name": 1, "no_annotation": 1, "missing_file": 1}
TINY_MODEL = {"channels": [4, 8], "epochs": 2, "crops_per_epoch": 4, "batch_size": 2, "crop_size": 64}
MODELS = ("small", "other")


class Workspace:
    """A copy of this project in a Git repository of its own, with tiny data and two tiny models."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in _run(ROOT, "git", "ls-files", "-co", "--exclude-standard").splitlines():
            if (ROOT / name).is_file() and not name.startswith(WRITTEN) and name != "dvc.lock":
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        self.change("params.yaml", shrink)
        write_page_template(root / ".dvc" / "plots" / "page.html")
        _run(root, "git", "init", "-q")
        _run(root, "git", "config", "user.email", "test@example.org")
        _run(root, "git", "config", "user.name", "Test")
        self.commit()

    def change(self, name: str, edit: Any) -> None:
        with modify_yaml(self.root / name) as content:
            edit(content)

    def commit(self) -> None:
        _run(self.root, "git", "add", "-A")
        _run(self.root, "git", "commit", "-qm", "state")

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return _run(self.root, sys.executable, "-m", "dvc", *arguments, fails=fails)

    def lock(self) -> dict[str, Any]:
        return yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]

    def outs(self) -> dict[str, str]:
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}


def shrink(parameters: dict[str, Any]) -> None:
    sample = parameters["datasets"]["sample"]
    sample.update(TINY_DATASET)
    sample["defects"] = {name: TINY_DEFECTS.get(name, 0) for name in sample["defects"]}
    template = dict(parameters["models"]["unet-2l-0r"])
    for name in list(parameters["models"]):
        del parameters["models"][name]
    for name in MODELS:
        parameters["models"][name] = {**template, **deepcopy(TINY_MODEL)}
    parameters["models"]["other"]["head"] = {"method": "flow"}
    parameters["compare"]["resamples"] = 200


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}


def _run(folder: Path, *command: str, fails: bool = False) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


def stages_run(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def stages_cached(output: str) -> list[str]:
    """The stages that DVC took from its run cache."""
    return [
        line.split("'")[1]
        for line in output.splitlines()
        if line.endswith("is cached - skipping run, checking out outputs")
    ]


def leaves(content: Any) -> int:
    return sum(map(leaves, content.values())) if isinstance(content, dict) else 1


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Workspace:
    """A workspace in which everything has run once, and has been pushed to a remote."""
    workspace = Workspace(tmp_path_factory.mktemp("made"))
    workspace.dvc("repro")
    workspace.dvc("remote", "add", "-d", "store", str(tmp_path_factory.mktemp("store")))
    workspace.dvc("push")
    workspace.commit()
    return workspace


@pytest.fixture
def copy(made, tmp_path) -> Workspace:
    """A copy of it, to be changed at will."""
    workspace = object.__new__(Workspace)
    workspace.root = tmp_path / "copy"
    shutil.copytree(made.root, workspace.root, symlinks=True)
    return workspace


@pytest.fixture
def clone(made, tmp_path) -> Workspace:
    """What a stranger has: what Git holds, and the remote."""
    _run(tmp_path, "git", "clone", "-q", str(made.root), "clone")
    workspace = object.__new__(Workspace)
    workspace.root = tmp_path / "clone"
    return workspace


def test_a_first_run_makes_every_out_and_a_second_does_nothing(made):
    assert set(made.outs()) >= {"data/raw", "data/clean", "data/masks", "models/small", "predictions/other"}
    for path in made.outs():
        assert (made.root / path).exists(), path
    assert "up to date" in made.dvc("status")
    assert stages_run(made.dvc("repro")) == []


def test_the_scores_are_of_both_models_both_splits_and_both_states(made):
    for name in MODELS:
        scores = json.loads((made.root / f"metrics/evaluate/{name}.json").read_text())
        assert {(split, state) for split in scores for state in scores[split]} == {
            (split, state) for split in ("val", "test") for state in ("raw", "clean")
        }
        overall = scores["test"]["clean"]["overall"]
        assert 0 <= overall["dice"] <= 1
        assert 0 <= overall["ap50"] <= 1
        assert set(scores["test"]["clean"]["by_cell_type"]) == {"A172", "BV2"}
    table = pd.read_csv(made.root / "plots/comparison/comparison.csv")
    assert set(MODELS) < set(table.iloc[:, 0])


def test_dvc_shows_a_handful_of_metrics(made):
    shown = json.loads(made.dvc("metrics", "show", "--json"))[""]["data"]
    metrics = {path: content["data"] for path, content in shown.items()}
    names = {"dice", "ap50", "f1_50", "pq", "n_err", "area_err", "sec"}
    for name in MODELS:
        assert set(metrics.pop(f"metrics/{name}.json")) == names
    assert set(metrics) == {f"metrics/{name}.json" for name in ("images", "cells", "removed")}
    assert set(map(tuple, metrics.values())) == {("total",)}
    assert max(map(len, made.dvc("metrics", "show").splitlines())) <= 100


def test_every_planted_defect_is_gone_and_explained(made):
    planted = pd.read_csv(made.root / "data/raw/defects.csv")
    removed = pd.read_csv(made.root / "data/clean/removed.csv")
    key = ["split", "image_id"]
    assert len(planted) == sum(TINY_DEFECTS.values())
    assert sorted(map(tuple, planted[["defect", *key]].to_numpy().tolist())) == sorted(
        map(tuple, removed[["reason", *key]].to_numpy().tolist())
    )


def test_data_stages_repeat_byte_for_byte_with_another_number_of_processes(copy):
    before = copy.outs()
    copy.change("params.yaml", lambda parameters: parameters["compute"].update(jobs=1))
    ran = stages_run(copy.dvc("repro", "-f", "explore", "baseline"))
    assert set(ran) == {"parameters", "download", "sample", "deduplicate", "masks", "explore", "baseline"}
    assert copy.outs() == before


def test_training_and_prediction_repeat_bit_for_bit(copy):
    before = copy.outs()
    copy.dvc("repro", "-f", "-s", "train@small", "predict@small", "evaluate@small")
    changed = {path for path, digest in copy.outs().items() if digest != before[path]}
    assert changed <= {"metrics/train/small.json", "metrics/small.json"}  # seconds of training


def test_what_was_computed_before_is_taken_from_the_run_cache(copy):
    """A parameter is changed, and set back: of the data, then of a model."""
    before = copy.outs()
    copy.change("params.yaml", lambda parameters: parameters["datasets"]["sample"].update(seed=1))
    data = ["parameters", "download", "sample", "deduplicate", "masks", "pack", "explore", "baseline"]
    assert set(stages_run(copy.dvc("repro", "pack", "explore", "baseline"))) == set(data)
    copy.change("params.yaml", lambda parameters: parameters["datasets"]["sample"].update(seed=0))
    output = copy.dvc("repro", "pack", "explore", "baseline")
    assert stages_run(output) == []
    assert set(stages_cached(output)) == set(data)

    output = copy.dvc("exp", "run", "-S", "models.small.lr=1e-3", "-S", "models.small.epochs=3")
    own = ["train@small", "predict@small", "evaluate@small", "compare"]
    assert stages_run(output) == ["parameters", *own]
    changed = _run(copy.root, "git", "diff", "--numstat", "params.yaml").split()
    assert changed[:2] == ["2", "2"]
    diff = copy.dvc("metrics", "diff")
    assert len(diff.splitlines()) <= 12
    assert {line.split()[0] for line in diff.splitlines()[1:]} == {"metrics/small.json"}
    parameters = json.loads(copy.dvc("params", "diff", "--json"))
    assert parameters["params.yaml"]["models.small.epochs"] == {"old": 2, "new": 3, "diff": 1}
    plots = json.loads(copy.dvc("plots", "diff", "--json", "-o", "diff"))
    assert "errors" not in plots
    drawn = {path for path, parts in plots["data"].items() if any(part.get("datapoints") for part in parts)}
    assert not {path for path in drawn if "other" in path}
    columns = copy.dvc("exp", "show", "--csv", "--only-changed").splitlines()[0].split(",")
    assert {"models.small.lr", "models.small.epochs"} <= set(columns)
    assert any(column.startswith("metrics/small.json:") for column in columns)

    output = copy.dvc("exp", "run", "-S", "models.small.lr=5e-3", "-S", "models.small.epochs=2")
    assert stages_run(output) == []
    assert stages_cached(output) == ["parameters", *own]
    assert copy.outs() == before


def test_code_of_a_plugin_concerns_its_own_models_alone(copy):
    def touch(path: str) -> None:
        with (copy.root / path).open("a") as file:
            file.write("# a comment\n")

    touch("monolayer/models/cellsam/model.py")  # which no model here is
    shutil.copytree(copy.root / "monolayer/models/vnet", copy.root / "monolayer/models/mine")
    assert "up to date" in copy.dvc("status")
    touch("monolayer/decoders/flow/decoder.py")
    assert set(json.loads(copy.dvc("status", "--json"))) == {"predict@other"}
    touch("monolayer/heads/flow/head.py")
    assert set(json.loads(copy.dvc("status", "--json"))) == {"train@other", "predict@other"}
    copy.dvc("commit", "-f")
    assert "up to date" in copy.dvc("status")


def test_a_model_is_taken_away(copy):
    output = copy.dvc("exp", "run", "-S", "~models.other")
    assert stages_run(output) == ["parameters", "compare"]
    compared = json.loads((copy.root / "metrics/comparison.json").read_text())
    assert "small" in compared
    assert "other" not in compared
    own = ["metrics/other.json", "metrics/train/other.json", "metrics/by_image/other.json", "models/other"]
    assert all((copy.root / path).exists() for path in own)
    _run(copy.root, sys.executable, "-m", "experiments.tidy")
    assert not any((copy.root / path).exists() for path in own)
    assert not {name for name in copy.lock() if name.endswith("@other")}
    assert stages_run(copy.dvc("repro")) == ["compare"]  # whose folders hold less
    assert "everything belongs to a stage" in _run(copy.root, sys.executable, "-m", "experiments.tidy")


def test_a_clone_runs_only_what_changed_and_fetches_only_what_that_needs(clone):
    clone.change("params.yaml", lambda parameters: parameters["compare"].update(score="iou"))
    output = clone.dvc("repro", "--allow-missing", "--pull")
    assert stages_run(output) == ["parameters", "compare"]
    assert not [
        path for path in ("data/raw", "data/clean", "models", "predictions") if (clone.root / path).exists()
    ]
    clone.change("params.yaml", lambda parameters: parameters["models"]["small"].update(lr=1e-3))
    output = clone.dvc("repro", "--allow-missing", "--pull")
    assert stages_run(output) == ["parameters", "train@small", "predict@small", "evaluate@small", "compare"]
    assert (clone.root / "models/small").exists()
    assert not (clone.root / "models/other").exists()
    assert not (clone.root / "data/masks").exists()


@pytest.mark.parametrize(("remote", "remedy"), [(False, "without --allow-missing"), (True, "with --pull")])
def test_a_clone_that_lacks_an_input_loses_nothing(clone, remote, remedy):
    if not remote:
        clone.dvc("remote", "remove", "store")
    clone.change("params.yaml", lambda parameters: parameters["models"]["small"].update(lr=1e-3))
    output = clone.dvc("repro", "--allow-missing", fails=True)
    assert "parameters: train@small needs data/packed, which is not in this clone: run" in output
    assert remedy in output
    assert " D " not in _run(clone.root, "git", "status", "--short")


def test_another_launcher_starts_the_training_alone_and_gives_the_same_weights(copy):
    before = copy.outs()
    launcher = "compute.launcher=torchrun --nproc-per-node 1"
    output = copy.dvc("exp", "run", "-S", launcher, "train@small")
    assert stages_run(output) == ["parameters", "train@small"]
    assert "> torchrun --nproc-per-node 1 -m stages.train --name small" in output
    assert copy.outs()["models/small"] == before["models/small"]


def test_queued_experiments_run_side_by_side(copy):
    for change in ("models.small.lr=1e-3", "~models.other"):
        copy.dvc("exp", "run", "--queue", "-S", change)
    copy.dvc("queue", "start", "-j", "2")
    deadline = time.monotonic() + 300
    while (status := copy.dvc("queue", "status")).count("Success") < 2:
        assert "Failed" not in status, copy.dvc("queue", "logs", status.split()[0])
        assert time.monotonic() < deadline, status
        time.sleep(2)
    table = pd.read_csv(pd.io.common.StringIO(copy.dvc("exp", "show", "--csv")))
    assert {0.001, 0.005} <= set(table["models.small.lr"])
    assert table["models.other.lr"].isna().any()


@pytest.mark.parametrize("stage", ["masks", "train@small"])
def test_a_killed_stage_is_not_taken_for_done(copy, stage):
    before = copy.outs()
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "-f", "-s", stage],
        cwd=copy.root,
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("> "):
            break
    out = copy.root / ("data/masks" if stage == "masks" else ".scratch/train")
    deadline = time.monotonic() + 120
    while not (out.exists() and any(out.rglob("*.*"))) and process.poll() is None:
        assert time.monotonic() < deadline, f"{stage} wrote nothing"
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    copy.dvc("repro")
    assert copy.outs() == before
    assert "up to date" in copy.dvc("status")


def test_the_subset_that_a_data_set_asks_for(copy):
    copy.dvc("exp", "run", "sample", "-S", "datasets.sample.fraction=0.5")
    counts = {
        split: len(json.loads((copy.root / f"data/sampled/{split}.json").read_text())["images"])
        for split in ("train", "val", "test")
    }
    raw = json.loads((copy.root / "data/raw/annotations/train.json").read_text())["images"]
    assert 0 < counts["train"] < len(raw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": {"thread": 1}}, "train.thread: unknown key; valid keys: optimizer"),
        ({"models": {"small": {"architecture": "unett"}}}, "models.small.architecture: 'unett' is unknown"),
    ],
)
def test_wrong_parameters_are_found_before_anything_runs(copy, change, message):
    def edit(parameters: dict[str, Any]) -> None:
        for key, value in change.items():
            _merge(parameters, key, value)

    copy.change("params.yaml", edit)
    output = copy.dvc("repro", fails=True)
    assert message in output
    assert "git checkout params.yaml" in output
    assert "Traceback" not in output
    assert stages_run(output) == ["parameters"]
    assert _run(copy.root, "git", "status", "--short").split() == ["M", "params.yaml"]


def test_a_data_set_that_params_yaml_lacks(copy):
    copy.change("params.yaml", lambda parameters: parameters.update(dataset="livecel"))
    output = copy.dvc("repro", fails=True)
    assert (
        "'datasets.livecel' are missing from 'params.yaml'" in output or "no 'livecel' in datasets" in output
    )


def _merge(parameters: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, dict):
        for inner, leaf in value.items():
            _merge(parameters[key], inner, leaf)
    else:
        parameters[key] = value
