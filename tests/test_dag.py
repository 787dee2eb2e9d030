"""dvc.yaml says what the code does: dependencies, flags, parameters and plots."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from imported_code import PLUGINS, ROOT, expected_code_version, files_run

from monolayer.annotations.sampling import SampleSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.settings import CellSettings
from monolayer.parameters import SECTIONS, read_parameters
from monolayer.training.provenance import of_nets

DAG = yaml.safe_load((ROOT / "dvc.yaml").read_text())
PARAMETERS = read_parameters(ROOT / "params.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in DAG["stages"].items()}

# An out of the second names the code that made it (`code_version`): a change of that code changes what the
# first starts from, which lists the rooms of which it runs more.
KNOWS_ITS_CODE = {
    "pack": "masks",
    "explore": "masks",
    "baseline": "masks",
    "train": "pack",
    "predict": "train",
    "evaluate": "predict",
}

# It reads the settings of all rooms, but its out is always the same, and each stage reads its own again: code
# that changes here runs nothing anew.
CHECKER = "parameters"


def needed_rooms(name: str) -> set[str]:
    """Every room with code that a stage may run and that made nothing it starts from, but its plugins."""
    files = set().union(
        *(files_run(name, model) - files_named(name, model) for model in PARAMETERS["models"].values())
    )
    names = ROOT / "monolayer" / "__init__.py"  # for notebooks; no stage asks it for anything
    rooms = {room_of(file) for file in files if file.stat().st_size and file != names}
    return {room for room in rooms if not is_plugin(room)}


def needed_plugins(name: str) -> set[str]:
    return set(PLUGINS.get(name, [])) - set(PLUGINS.get(KNOWS_ITS_CODE.get(name, ""), []))


def files_named(name: str, model: dict[str, Any]) -> set[Path]:
    """The files of which an out that a stage starts from tells, for a model."""
    before = KNOWS_ITS_CODE.get(name)
    return files_run(before, model) - {ROOT / "stages" / f"{before}.py"} if before else set()


def room_of(file: Path) -> str:
    """The room that a file belongs to: a folder of the library, one of its plugins, or a bare module."""
    parts = file.relative_to(ROOT).parts
    if parts[0] == "monolayer" and parts[1] in PLUGGED:
        return "/".join(parts[: min(3, len(parts) - 1)])
    return "/".join(parts[:2])


PLUGGED = ("models", "heads", "decoders")


def is_plugin(room: str) -> bool:
    parts = room.split("/")
    return len(parts) == 3 and parts[1] in PLUGGED and parts[2] != "base"


@pytest.mark.parametrize("name", [name for name in STAGES if name != CHECKER])
def test_a_stage_depends_on_the_rooms_that_it_imports_and_on_no_others(name):
    deps = STAGES[name].get("deps", [])
    code = {dep for dep in deps if dep.startswith(("monolayer", "stages"))}
    needed = needed_rooms(name) | needed_plugins(name)
    assert code == needed, f"of {name} in dvc.yaml add {needed - code}, drop {code - needed}"


@pytest.mark.parametrize("key", ["unet-4l-0r", "cellsam", "convlstm-unet"])
def test_the_code_version_of_a_training_covers_what_its_stage_runs_and_nothing_else(key):
    """In a process of its own, which has imported what the stage imports before anything is built."""
    source = (
        "import stages.train as t\n"
        "from monolayer.training.provenance import code_of\n"
        f"print(code_of(t.selected_model(t.read_parameters(), {key!r})))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected_code_version("train", PARAMETERS["models"][key])


@pytest.mark.parametrize("name", STAGES)
def test_the_command_gives_each_argument_of_the_stage(name):
    command = STAGES[name]["cmd"]
    launcher = "${compute.launcher}" if name == "train" else "python"
    assert command.startswith(f"{launcher} -m stages.{name} ")
    function = getattr(importlib.import_module(f"stages.{name}"), name)
    flags = re.findall(r"--([\w-]+)", command)
    assert flags == [argument.replace("_", "-") for argument in inspect.signature(function).parameters]


@pytest.mark.parametrize("name", STAGES)
def test_paths_that_a_stage_gets_are_its_deps_or_outs(name):
    stage = STAGES[name]
    listed = [_path(entry) for kind in ("deps", "outs", "metrics", "plots") for entry in stage.get(kind, [])]
    for path in re.findall(r"--[\w-]+ (\S+/\S+)", stage["cmd"]):
        if not path.startswith(".scratch/"):
            inside = [entry for entry in listed if f"{entry}/".startswith(f"{path}/")]
            assert inside or any(path.startswith(f"{entry}/") for entry in listed), path


def _path(entry: str | dict[str, Any]) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))


def test_every_section_is_known_and_used():
    params = [stage.get("params", []) for name, stage in STAGES.items() if name != CHECKER]
    assert set(PARAMETERS) == {re.split(r"[.$]", key)[0] for keys in params for key in keys} == set(SECTIONS)


def test_of_compute_what_the_nets_depend_on_is_tracked():
    tracked = {
        name: [key for key in stage.get("params", []) if str(key).startswith("compute")]
        for name, stage in STAGES.items()
    }
    assert [name for name, keys in tracked.items() if keys] == ["train", "predict"]
    assert tracked["train"] == [f"compute.{key}" for key in of_nets(ComputeSettings())]
    assert set(tracked["predict"]) < set(tracked["train"])


def test_a_data_set_is_brought_by_its_entry_and_sampled_by_sample_alone():
    """A change of the subset must not fetch a gigabyte again."""
    assert STAGES["download"]["params"] == ["dataset", "datasets.${dataset}"]
    assert STAGES["sample"]["params"] == ["sample"]
    entries = PARAMETERS["datasets"].values()
    assert not {key for entry in entries for key in entry} & set(SampleSettings.model_fields) - {"seed"}


def test_of_evaluate_what_tuning_scores_by_is_tracked():
    keys = {key for key in STAGES["predict"]["params"] if key.startswith("evaluate")}
    assert keys == {f"evaluate.{name}" for name in CellSettings.model_fields}


@pytest.mark.parametrize("name", ["cellsam", "maskrcnn", "unet"])
def test_code_of_an_architecture_concerns_its_own_models_alone(name):
    room = str(ROOT / "monolayer" / "models" / name)
    with Repo(str(ROOT)) as repo:
        stages = {stage.addressing for stage in repo.index.stages if room in [d.fs_path for d in stage.deps]}
    own = [key for key, entry in PARAMETERS["models"].items() if entry["architecture"] == name]
    assert stages == {f"train@{key}" for key in own}


def test_nothing_switches_the_run_cache_off():
    """DVC does so where a stage has an out that it neither caches nor takes for a metric or a plot."""
    outs = [entry for stage in STAGES.values() for entry in stage.get("outs", [])]
    assert not [entry for entry in outs if isinstance(entry, dict)]


def test_no_model_is_written_by_hand():
    text = (ROOT / "dvc.yaml").read_text()
    assert not [name for name in PARAMETERS["models"] if re.search(rf"\b{re.escape(name)}\b", text)]


def test_what_the_project_may_hold():
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) < 220
    assert (ROOT / "dvc.lock").stat().st_size < 122_880 / 13 * len(PARAMETERS["models"])  # 120 KB for 13
