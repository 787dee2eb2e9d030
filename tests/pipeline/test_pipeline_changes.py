"""A change of code, models or parameters runs what it concerns, in a clone too."""

import json
import shutil
import sys

import pytest
from tiny_pipeline import run, stages_run


def test_code_of_a_plugin_concerns_its_own_models_alone(copy):
    def touch(path: str) -> None:
        with (copy.root / path).open("a") as file:
            file.write("# a comment\n")

    touch("monolayer/models/cellsam/model.py")  # which no model here is
    shutil.copytree(copy.root / "monolayer/models/vnet", copy.root / "monolayer/models/mine")
    assert "up to date" in copy.dvc("status")
    touch("monolayer/decoders/flow/decoder.py")
    assert set(json.loads(copy.dvc("status", "--json"))) == {"train@other"}  # by it the best epoch is told
    touch("monolayer/heads/flow/head.py")
    assert set(json.loads(copy.dvc("status", "--json"))) == {"train@other"}
    copy.dvc("commit", "-f")
    assert "up to date" in copy.dvc("status")


def test_code_that_made_an_out_concerns_the_stage_that_reads_it(copy):
    with (copy.root / "monolayer/annotations/rasterise.py").open("a") as file:  # no room of explore
        file.write("# a comment\n")
    assert "explore" not in json.loads(copy.dvc("status", "--json"))
    assert stages_run(copy.dvc("repro", "-s", "masks", "explore")) == ["masks", "explore"]


def test_a_model_is_taken_away(copy):
    output = copy.dvc("exp", "run", "-S", "~models.other")
    assert stages_run(output) == ["parameters", "compare"]
    compared = json.loads((copy.root / "metrics/comparison.json").read_text())
    assert "small" in compared["methods"]
    assert "other" not in compared["methods"]
    own = ["metrics/other.json", "metrics/train/other.json", "metrics/by_image/other.json", "models/other"]
    assert all((copy.root / path).exists() for path in own)
    run(copy.root, sys.executable, "-m", "experiments.tidy")
    assert not any((copy.root / path).exists() for path in own)
    assert not {name for name in copy.lock() if name.endswith("@other")}
    assert stages_run(copy.dvc("repro")) == ["compare"]  # whose folders hold less
    assert "everything belongs to a stage" in run(copy.root, sys.executable, "-m", "experiments.tidy")


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
    assert " D " not in run(clone.root, "git", "status", "--short")
