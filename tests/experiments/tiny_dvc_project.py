"""A DVC project with a stage that pretends to train and one that pretends to compare, in a Git repository."""

import shutil
import subprocess
import sys
from pathlib import Path

TEMPLATE = Path(__file__).parents[2] / ".dvc" / "plots" / "curves.json"

PARAMETERS = """\
seed: 0
train: {threads: 2}
models:
  small:
    architecture: unet
    lr: 0.1       # comments stay
    epochs: 3
"""
DAG = """\
stages:
  pack:
    cmd: mkdir -p data/packed && cp raw.txt data/packed/
    deps: [raw.txt]
    outs: [data/packed]
  train:
    foreach: ${models}
    do:
      cmd: python stages/train.py ${key}
      params: [seed, train, "models.${key}"]
      deps: [stages/train.py, data/packed]
      outs:
        - models/${key}
      plots:
        - metrics/train/${key}.json: {cache: false}
  compare:
    cmd: python stages/compare.py
    params: [seed, models]
    deps: [models/small, stages/compare.py]
    metrics:
      - metrics/comparison.json: {cache: false}
"""
TRAIN = """\
import json
import sys
from pathlib import Path
import yaml

name = sys.argv[1]
model = yaml.safe_load(Path("params.yaml").read_text())["models"][name]
if model["lr"] > 1:
    sys.exit(f"the loss of {name} is not a number")
for folder in (Path("models") / name, Path("metrics/train")):
    folder.mkdir(parents=True, exist_ok=True)
dices = [1 - model["lr"] / epoch for epoch in range(1, model["epochs"] + 1)]
training = {"seconds": 1, "device": "CPU", "number_format": "32-true", "history": {"val_dice": dices}}
Path(f"metrics/train/{name}.json").write_text(json.dumps(training))
Path(f"models/{name}/weights").write_text(str(model))
"""
COMPARE = """\
import json
from pathlib import Path
import yaml

seed = yaml.safe_load(Path("params.yaml").read_text())["seed"]
scores = {"small": ("model", 0.9 + 0.01 * seed), "otsu": ("threshold", 0.5)}
rows = {name: {"kind": kind, "dice": dice, "iou": dice / 2, "confluence_rmse": 0.1} for name, (kind, dice) in
        scores.items()}
Path("metrics").mkdir(exist_ok=True)
Path("metrics/comparison.json").write_text(json.dumps({"best_model": "small", "methods": rows}))
"""
FILES = {
    "params.yaml": PARAMETERS,
    "dvc.yaml": DAG,
    "stages/train.py": TRAIN,
    "stages/compare.py": COMPARE,
    "monolayer/__init__.py": "",
    "raw.txt": "images",
    ".gitignore": "/data\n/models\n/experiments/results\n",
}


def write_project(folder: Path) -> None:
    """Write the project, run it once and commit."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run(folder, "git", "init", "-q", "-b", "main")
    run(folder, "git", "config", "user.email", "test@example.org")
    run(folder, "git", "config", "user.name", "Test")
    dvc(folder, "init", "-q")
    dvc(folder, "config", "core.analytics", "false")
    (folder / ".dvc" / "plots").mkdir()
    shutil.copy(TEMPLATE, folder / ".dvc" / "plots")
    dvc(folder, "repro", "-q")
    commit(folder)


def commit(folder: Path) -> None:
    """Commit all that Git does not ignore."""
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "state")


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC there."""
    return run(folder, sys.executable, "-m", "dvc", *arguments)


def run(folder: Path, *command: str) -> str:
    """Run a command there, and return what it prints."""
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
