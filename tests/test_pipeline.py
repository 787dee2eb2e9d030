"""The whole DAG on tiny data, through DVC, as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

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
        self.change("dvc.yaml", plot_the_tiny_models)
        _run(root, "git", "init", "-q")
        _run(root, "git", "config", "user.email", "test@example.org")
        _run(root, "git", "config", "user.name", "Test")
        self.commit()

    def change(self, name: str, edit: Any) -> None:
        path = self.root / name
        content = yaml.safe_load(path.read_text())
        edit(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

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
    template = parameters["models"]["unet-2l-0r"]
    parameters["models"] = {name: {**template, **TINY_MODEL} for name in MODELS}
    parameters["models"]["other"]["head"] = {"method": "flow"}
    parameters["compare"]["resamples"] = 200


def plot_the_tiny_models(dag: dict[str, Any]) -> None:
    for plot in dag["plots"]:
        files = next(iter(plot.values()))["y"] if isinstance(plot, dict) else {}
        path, column = next(iter(files.items()), ("", ""))
        if path.startswith(("plots/train/", "plots/evaluate/")):
            files.clear()
            files.update({path.replace("unet-2l-0r", model): column for model in MODELS})


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


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Workspace:
    """A workspace in which everything has run once."""
    workspace = Workspace(tmp_path_factory.mktemp("made"))
    workspace.dvc("repro")
    workspace.commit()
    return workspace


@pytest.fixture
def copy(made, tmp_path) -> Workspace:
    """A copy of it, to be changed at will."""
    workspace = object.__new__(Workspace)
    workspace.root = tmp_path / "copy"
    shutil.copytree(made.root, workspace.root, symlinks=True)
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
    assert set(ran) == {"download", "sample", "deduplicate", "masks", "explore", "baseline"}
    assert copy.outs() == before


def test_training_and_prediction_repeat_bit_for_bit(copy):
    before = copy.outs()
    copy.dvc("repro", "-f", "-s", "train@small", "tune@small", "predict@small", "evaluate@small")
    assert copy.outs() == before


def test_a_changed_model_runs_again_alone_and_the_diffs_show_it(copy):
    output = copy.dvc("exp", "run", "-S", "models.small.lr=1e-3", "-S", "models.small.epochs=3")
    assert stages_run(output) == ["train@small", "tune@small", "predict@small", "evaluate@small", "compare"]
    changed = json.loads(copy.dvc("params", "diff", "--json"))
    assert changed["params.yaml"]["models.small.epochs"] == {"old": 2, "new": 3, "diff": 1}
    metrics = json.loads(copy.dvc("metrics", "diff", "--json"))
    assert "metrics/train/small.json" in metrics
    assert not any("other" in path for path in metrics)
    plots = json.loads(copy.dvc("plots", "diff", "--json", "-o", "diff"))
    assert {"validation Dice", "training loss", "test Dice"} < set(plots["data"])
    assert "errors" not in plots
    shown = copy.dvc("exp", "show", "--csv")
    assert "models.small.lr" in shown


def test_another_launcher_starts_the_training_alone_and_gives_the_same_weights(copy):
    before = copy.outs()
    launcher = "compute.launcher=torchrun --nproc-per-node 1"
    output = copy.dvc("exp", "run", "-S", launcher, "train@small", "compare")
    assert set(stages_run(output)) == {"train@small", "train@other"}
    assert "> torchrun --nproc-per-node 1 -m stages.train --name small" in output
    assert copy.outs() == before


def test_queued_experiments_run_side_by_side(copy):
    for rate in ("1e-3", "3e-3"):
        copy.dvc("exp", "run", "--queue", "-S", f"models.small.lr={rate}")
    copy.dvc("queue", "start", "-j", "2")
    deadline = time.monotonic() + 300
    while (status := copy.dvc("queue", "status")).count("Success") < 2:
        assert "Failed" not in status, copy.dvc("queue", "logs", status.split()[0])
        assert time.monotonic() < deadline, status
        time.sleep(2)
    table = pd.read_csv(pd.io.common.StringIO(copy.dvc("exp", "show", "--csv")))
    assert {0.001, 0.003} <= set(table["models.small.lr"])


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
        ({"compute": {"threads": "many"}}, "compute.threads"),
        ({"compute": {"devices": "many"}}, "compute.devices: Value error, expected auto or a whole number"),
        ({"models": {"small": {"architecture": "unett"}}}, "monolayer/models/unett.py"),
        ({"dataset": "livecel"}, "'datasets.livecel' are missing from 'params.yaml'"),
    ],
)
def test_wrong_parameters_end_a_stage_with_a_word_on_what_is_right(copy, change, message):
    def edit(parameters: dict[str, Any]) -> None:
        for key, value in change.items():
            _merge(parameters, key, value)

    copy.change("params.yaml", edit)
    output = copy.dvc("repro", fails=True)
    assert message in output
    assert "Traceback" not in output


def _merge(parameters: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, dict):
        for inner, leaf in value.items():
            _merge(parameters[key], inner, leaf)
    else:
        parameters[key] = value
