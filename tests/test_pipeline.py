"""The whole DAG on tiny data, through DVC, as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TINY_MODEL = {"architecture": "unet", "channels": [4, 8], "residual_units": 0, "epochs": 2}


class Workspace:
    """A copy of the repository in a Git repository of its own, with tiny parameters."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = _run(ROOT, "git", "ls-files", "-co", "--exclude-standard").stdout.splitlines()
        for name in listed:
            if (ROOT / name).is_file() and not name.startswith(("metrics/", "plots/", "benchmarks/results/")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        (root / "dvc.lock").unlink(missing_ok=True)
        self.set_parameters()
        self.git("init", "-q")
        self.git("config", "user.email", "test@example.org")
        self.git("config", "user.name", "Test")
        self.commit()

    def set_parameters(self) -> None:
        parameters = yaml.safe_load((self.root / "params.yaml").read_text())
        parameters["datasets"]["sample"].update(TINY_DATASET)
        parameters["models"] = {
            name: {**parameters["models"]["unet-2l-0r"], **TINY_MODEL} for name in ("small", "other")
        }
        parameters["train"]["crop_size"] = 64
        (self.root / "params.yaml").write_text(yaml.safe_dump(parameters, sort_keys=False))

    def git(self, *arguments: str) -> str:
        return _run(self.root, "git", *arguments).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "state")

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return _run(self.root, sys.executable, "-m", "dvc", *arguments, fails=fails).stdout

    def lock(self) -> dict:
        return yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]


TINY_DATASET: dict = {}


def _run(folder: Path, *command: str, fails: bool = False) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout
    return done
