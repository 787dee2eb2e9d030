"""The experiments of this project, as DVC and Git know them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from monolayer.errors import InputError

CODE = ("monolayer", "stages", "dvc.yaml")


class Experiment(msgspec.Struct, frozen=True):
    """One commit that DVC shows: the workspace, HEAD, or an experiment derived from HEAD."""

    name: str
    rev: str
    """Git commit; an experiment that has not ended yet has one too."""
    parameters: dict[str, Any]
    """All of params.yaml, as DVC reads it."""
    metrics: dict[str, Any]
    """By file."""
    outs: dict[str, Any] = {}
    """DVC's hash of each file and folder that a stage made."""
    state: str = "success"
    """``queued``, ``running``, ``failed`` or ``success``."""


def workspace_and_experiments() -> tuple[Experiment, Experiment, list[Experiment]]:
    """Return the workspace, HEAD, and the experiments derived from HEAD, queued and failed ones too."""
    workspace, head = json.loads(dvc("exp", "show", "--json"))
    experiments = []
    for shown in head["experiments"] or []:
        state = shown["executor"] and shown["executor"]["state"]  # none of an experiment without the queue
        experiments.append(_experiment(shown["revs"][0], state or "success"))
    return _experiment(workspace, "success"), _experiment(head, "success"), experiments


def _experiment(shown: dict[str, Any], state: str) -> Experiment:
    if shown["data"] is None:
        raise InputError(f"dvc exp show: {shown['name'] or shown['rev']}: {shown['error']['msg']}")
    data = {
        kind: {path: content.get("data", {}) for path, content in shown["data"][kind].items()}
        for kind in ("params", "metrics")
    }
    return Experiment(
        name=shown["name"] or shown["rev"][:7],
        rev=shown["rev"],
        parameters=data["params"].get("params.yaml", {}),
        metrics=data["metrics"],
        outs={path: out["hash"] for path, out in shown["data"]["outs"].items()},
        state=state,
    )


def code_of(rev: str) -> str:
    """Return Git's hashes of the code in a commit; equal hashes mean equal code."""
    return git("rev-parse", *(f"{rev}:{path}" for path in CODE))


def has_code_of_workspace(rev: str) -> bool:
    """Return whether a commit has the code that the workspace has now, uncommitted changes included."""
    return not git("diff", "--name-only", rev, "--", *CODE)


def git(*arguments: str) -> str:
    """Run Git and return what it prints."""
    return _run("git", *arguments)


def dvc(*arguments: str) -> str:
    """Run DVC and return what it prints."""
    return _run(sys.executable, "-m", "dvc", *arguments)


def follow_queue() -> None:
    """Run all queued experiments one after the other, each in a folder of its own, and show their output."""
    subprocess.run([sys.executable, "-m", "dvc", "exp", "run", "--run-all"], env=_environment(), check=True)


def _run(*command: str) -> str:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise InputError(f"`{' '.join(command)}` failed:\n{said}")
    return done.stdout


def _environment() -> dict[str, str]:
    # The queue's worker, and the stages, are started by the bare names `dvc` and `python`.
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
