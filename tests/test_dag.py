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

from monolayer.cell_evaluation import CellSettings
from monolayer.compute import ComputeSettings
from monolayer.parameters import SECTIONS, read_parameters
from monolayer.training.origin import of_nets

ROOT = Path(__file__).resolve().parents[1]
DAG = yaml.safe_load((ROOT / "dvc.yaml").read_text())
PARAMETERS = read_parameters(ROOT / "params.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in DAG["stages"].items()}

# The stages load these by the name that a parameter gives, so their own imports do not show them. Each model
# depends on the files of its own architecture, head and decoder alone.
ARCHITECTURE = "monolayer/models/${item.architecture}.py"
HEAD = "monolayer/heads/${item.head.method}.py"
DECODER = "monolayer/decoders/${item.head.method}.py"
NAMED = {
    "train": [ARCHITECTURE, HEAD],
    "tune": [ARCHITECTURE, HEAD, DECODER],
    "predict": [ARCHITECTURE, HEAD, DECODER],
}
PLUGINS = {"download": ["monolayer/datasets/${source}.py"], **NAMED}


def needed_files(name: str) -> set[Path]:
    """Every file of this project that a stage may run."""
    needed = imported_files(ROOT / "stages" / f"{name}.py")
    folders = [(ROOT / path).parent for path in PLUGINS.get(name, [])]
    plugins = {file for folder in folders for file in folder.glob("[a-z]*.py")}
    for plugin in plugins:
        needed |= imported_files(plugin)
    if name in NAMED:
        needed -= {*plugins, *(folder / "__init__.py" for folder in folders)}
    return {file for file in needed if file.stat().st_size}


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


def covers(dep: str, file: Path) -> bool:
    return file == ROOT / dep or ROOT / dep in file.parents


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_every_file_that_it_imports(name):
    deps = STAGES[name].get("deps", [])
    missing = [
        file.relative_to(ROOT).as_posix()
        for file in sorted(needed_files(name))
        if not any(covers(dep, file) for dep in deps)
    ]
    assert not missing, f"add to the deps of {name} in dvc.yaml: {missing}"
    assert {dep for dep in deps if "${item" in dep} == set(NAMED.get(name, []))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_no_code_that_it_does_not_import(name):
    needed = needed_files(name)
    code = [dep for dep in STAGES[name].get("deps", []) if dep.startswith(("monolayer", "stages"))]
    own = NAMED.get(name, [])
    idle = [dep for dep in code if dep not in own and not any(covers(dep, file) for file in needed)]
    assert not idle, f"{name} imports nothing of {idle}: drop it from the deps in dvc.yaml"


def test_the_code_version_of_a_training_covers_what_its_stage_runs_and_nothing_else():
    source = (
        "import sys, stages.train, monolayer.models.unet, monolayer.heads.foreground\n"
        "for name, module in sys.modules.items(): print(name, getattr(module, '__file__', None))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    modules = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    imported = {Path(file) for name, file in modules.items() if name.split(".")[0] == "monolayer"}
    imported = {file for file in imported if file.name != "__init__.py"}
    plugins = [ROOT / "monolayer/models/unet.py", ROOT / "monolayer/heads/foreground.py"]
    runs = set().union(*(imported_files(file) for file in [ROOT / "stages/train.py", *plugins]))
    own = {file for file in runs if ROOT / "monolayer" in file.parents and file.name != "__init__.py"}
    assert imported == own
    assert own <= needed_files("train") | set(plugins)


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
            assert any(path == entry or path.startswith(entry + "/") for entry in listed), path


def _path(entry: str | dict[str, Any]) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))


def test_every_section_is_known_and_used():
    used = {re.split(r"[.$]", key)[0] for stage in STAGES.values() for key in stage.get("params", [])}
    assert set(PARAMETERS) == used == set(SECTIONS)


def test_of_compute_what_the_nets_depend_on_is_tracked():
    tracked = {
        name: [key for key in stage.get("params", []) if key.startswith("compute")]
        for name, stage in STAGES.items()
    }
    assert [name for name, keys in tracked.items() if keys] == ["train", "tune", "predict"]
    assert tracked["train"] == [f"compute.{key}" for key in of_nets(ComputeSettings())]
    assert set(tracked["tune"]) == set(tracked["predict"]) < set(tracked["train"])


def test_of_evaluate_what_tuning_scores_by_is_tracked():
    keys = {key for key in STAGES["tune"]["params"] if key.startswith("evaluate")}
    assert keys == {f"evaluate.{name}" for name in CellSettings.model_fields}


def test_the_plots_list_every_model():
    plots = [next(iter(entry.values())) for entry in DAG["plots"] if isinstance(entry, dict)]
    series = [files for plot in plots if isinstance(files := plot.get("y"), dict)]
    per_model = [files for files in series if not any("comparison" in path for path in files)]
    assert len(per_model) == 4
    for files in per_model:
        assert {Path(path).parts[2] for path in files} == set(PARAMETERS["models"])
