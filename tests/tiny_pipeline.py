"""The whole DAG on tiny data and tiny models, in a Git repository of its own."""

import os
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

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
TINY_MODEL = {
    "channels": [4, 8],
    "lr": 0.02,
    "epochs": 2,
    "crops_per_epoch": 4,
    "batch_size": 2,
    "crop_size": 64,
}
TEMPLATES = {"small": "convlstm-unet", "other": "unet-2l-0r"}
"""The entry of params.yaml that each tiny model is made of; the first, which is mostly the one that a test
changes, is soon imported."""
MODELS = tuple(TEMPLATES)


class Workspace:
    """A Git repository in which DVC runs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def made_in(cls, root: Path) -> "Workspace":
        """Copy this project, with tiny data and two tiny models."""
        workspace = cls(root)
        for name in run(ROOT, "git", "ls-files", "-co", "--exclude-standard").splitlines():
            if (ROOT / name).is_file() and not name.startswith(WRITTEN) and name != "dvc.lock":
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        workspace.change("params.yaml", shrink)
        write_page_template(root / ".dvc" / "plots" / "page.html")
        run(root, "git", "init", "-q")
        run(root, "git", "config", "user.email", "test@example.org")
        run(root, "git", "config", "user.name", "Test")
        workspace.commit()
        return workspace

    def change(self, name: str, edit: Any) -> None:
        with modify_yaml(self.root / name) as content:
            edit(content)

    def commit(self) -> None:
        run(self.root, "git", "add", "-A")
        run(self.root, "git", "commit", "-qm", "state")

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return run(self.root, sys.executable, "-m", "dvc", *arguments, fails=fails)

    def parameters(self) -> dict[str, Any]:
        return yaml.safe_load((self.root / "params.yaml").read_text())

    def lock(self) -> dict[str, Any]:
        return yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]

    def outs(self) -> dict[str, str]:
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}


def shrink(parameters: dict[str, Any]) -> None:
    sample = parameters["datasets"]["sample"]
    sample.update(TINY_DATASET)
    sample["defects"] = {name: TINY_DEFECTS.get(name, 0) for name in sample["defects"]}
    models = {name: dict(parameters["models"][template]) for name, template in TEMPLATES.items()}
    for name in list(parameters["models"]):
        del parameters["models"][name]
    for name, model in models.items():
        parameters["models"][name] = {**model, **deepcopy(TINY_MODEL)}
    parameters["models"]["other"]["head"] = {"method": "flow"}
    parameters["compare"].update(resamples=200, ap_resamples=100)
    parameters["compute"].update(jobs=1, threads=1)  # two tests run at a time


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}


def run(folder: Path, *command: str, fails: bool = False) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
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
