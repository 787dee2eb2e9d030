"""dvc.yaml says what the code does: dependencies, flags, parameters and plots."""

import ast
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

from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.settings import CellSettings
from monolayer.parameters import SECTIONS, read_parameters
from monolayer.training.provenance import of_nets

ROOT = Path(__file__).resolve().parents[1]
DAG = yaml.safe_load((ROOT / "dvc.yaml").read_text())
PARAMETERS = read_parameters(ROOT / "params.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in DAG["stages"].items()}

# The stages load these by the name that a parameter gives, so their own imports do not show them. Each model
# depends on the folders of its own architecture, head and decoder alone.
ARCHITECTURE = "monolayer/models/${item.architecture}"
HEAD = "monolayer/heads/${item.head.method}"
DECODER = "monolayer/decoders/${item.head.method}"
PLUGINS = {
    "train": [ARCHITECTURE, HEAD],
    "predict": [ARCHITECTURE, HEAD, DECODER],
}

# An out of this stage holds a digest of the code that made it (`code_version`): a change of that code changes
# what the next stage starts from, which lists the rooms of which it runs more.
KNOWS_ITS_CODE = {"predict": "train"}

# It reads the settings of all rooms, but its out is always the same, and each stage reads its own again: code
# that changes here runs nothing anew.
CHECKER = "parameters"


def needed_rooms(name: str) -> set[str]:
    """Every room with code that a stage may run and that made nothing it starts from, but its plugins."""
    before = KNOWS_ITS_CODE.get(name)
    files = files_run(name) - (digested(before) if before else set())
    names = ROOT / "monolayer" / "__init__.py"  # for notebooks; no stage asks it for anything
    rooms = {room_of(file) for file in files if file.stat().st_size and file != names}
    return {room for room in rooms if not is_plugin(room)}


def needed_plugins(name: str) -> set[str]:
    return set(PLUGINS.get(name, [])) - set(PLUGINS.get(KNOWS_ITS_CODE.get(name, ""), []))


def digested(name: str) -> set[Path]:
    """The files that `code_version` tells of in a stage: those of the library."""
    return {file for file in files_run(name) if ROOT / "monolayer" in file.parents}


def files_run(name: str) -> set[Path]:
    """Every file of this project whose code a stage may run."""
    files = imported_files(ROOT / "stages" / f"{name}.py")
    for dep in PLUGINS.get(name, []):
        for file in (ROOT / dep).parent.glob("[a-z]*/*.py"):
            files |= imported_files(file)
    if name == "download":
        for file in (ROOT / "monolayer/datasets").glob("[a-z]*.py"):
            files |= imported_files(file)
    return files


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


def imported_files(path: Path) -> set[Path]:
    """Every file of this project that a file imports, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _imports(current)
    return found


def _imports(path: Path) -> list[Path]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = []
    for name in names:
        if name.split(".")[0] in ("monolayer", "stages"):
            base = ROOT.joinpath(*name.split("."))
            files += [place for place in (base.with_suffix(".py"), base / "__init__.py") if place.exists()]
    return files


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
        "import sys, stages.train as t\n"
        "from monolayer.training.provenance import code_version\n"
        f"code_version(t.selected_model(t.read_parameters(), {key!r}))\n"
        "for name, module in sys.modules.items(): print(name, getattr(module, '__file__', None))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    modules = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    imported = {Path(file) for name, file in modules.items() if name.split(".")[0] == "monolayer"}
    imported = {file for file in imported if file.name != "__init__.py"}
    entry = PARAMETERS["models"][key]
    plugins = [
        ROOT / "monolayer/models" / entry["architecture"] / "model.py",
        ROOT / "monolayer/heads" / entry["head"]["method"] / "head.py",
    ]
    runs = set().union(*(imported_files(file) for file in [ROOT / "stages/train.py", *plugins]))
    own = {file for file in runs if ROOT / "monolayer" in file.parents and file.name != "__init__.py"}
    assert imported == own
    assert {room for room in map(room_of, own) if not is_plugin(room)} <= needed_rooms("train")


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
    assert (ROOT / "dvc.lock").stat().st_size < 155_000
