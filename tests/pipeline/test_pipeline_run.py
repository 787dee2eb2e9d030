"""The pipeline runs, repeats, survives a kill, and says what is wrong with its parameters."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pandas as pd
import pytest
from imported_code import expected_code_version
from tiny_pipeline import MODELS, TINY_DEFECTS, environment, run, stages_run


def test_a_first_run_makes_every_out_and_a_second_does_nothing(copy):
    assert set(copy.outs()) >= {"data/raw", "data/clean", "data/masks", "models/small", "predictions/other"}
    for path in copy.outs():
        assert (copy.root / path).exists(), path
    assert "up to date" in copy.dvc("status")
    assert stages_run(copy.dvc("repro")) == []


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


@pytest.mark.parametrize(
    ("stage", "model", "out"),
    [
        ("masks", "small", "data/masks/code.txt"),
        ("pack", "small", "data/packed/code.txt"),
        ("train", "small", "models/small/model.json"),
        ("train", "other", "models/other/model.json"),
        ("predict", "small", "predictions/small/code.txt"),
        ("predict", "other", "predictions/other/code.txt"),
    ],
)
def test_an_out_names_all_code_that_may_have_made_it_and_no_other(made, stage, model, out):
    expected = expected_code_version(stage, made.parameters()["models"][model])
    assert expected in (made.root / out).read_text()


def test_dvc_shows_a_handful_of_metrics(copy):
    shown = json.loads(copy.dvc("metrics", "show", "--json"))[""]["data"]
    metrics = {path: content["data"] for path, content in shown.items()}
    names = {"dice", "ap50", "f1_50", "pq", "count_err", "area_rmse", "sec"}
    for name in MODELS:
        assert set(metrics.pop(f"metrics/{name}.json")) == names
    assert set(metrics) == {f"metrics/{name}.json" for name in ("images", "cells", "removed")}
    assert set(map(tuple, metrics.values())) == {("total",)}
    assert max(map(len, copy.dvc("metrics", "show").splitlines())) <= 100


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
    copy.change("params.yaml", lambda parameters: parameters["compute"].update(jobs=2))
    ran = stages_run(copy.dvc("repro", "-f", "explore", "baseline"))
    assert set(ran) == {"parameters", "download", "sample", "deduplicate", "masks", "explore", "baseline"}
    assert copy.outs() == before


def test_training_and_prediction_repeat_bit_for_bit_with_another_launcher_too(copy):
    before = copy.outs()
    launcher = "torchrun --nproc-per-node 1"
    copy.change("params.yaml", lambda parameters: parameters["compute"].update(launcher=launcher))
    output = copy.dvc("repro", "train@small")
    assert stages_run(output) == ["parameters", "train@small"]
    (command,) = [line for line in output.splitlines() if line.startswith(f"> {launcher} -m stages.train ")]
    assert "--out models/small " in command
    copy.dvc("repro", "-f", "-s", "predict@small", "evaluate@small")
    changed = {path for path, digest in copy.outs().items() if digest != before[path]}
    assert changed <= {"metrics/train/small.json", "metrics/small.json"}  # seconds of training


@pytest.mark.parametrize("stage", ["masks", "train@small"])
def test_a_killed_stage_is_not_taken_for_done(copy, stage):
    before = copy.outs()
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "-f", "-s", stage],
        cwd=copy.root,
        env=environment(),
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


def test_a_subset_is_drawn_without_bringing_the_data_again(copy):
    copy.change("params.yaml", lambda parameters: parameters["sample"].update(fraction=0.5))
    assert stages_run(copy.dvc("repro", "sample")) == ["parameters", "sample"]
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
    assert run(copy.root, "git", "status", "--short").split() == ["M", "params.yaml"]


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
