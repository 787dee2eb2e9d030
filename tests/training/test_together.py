"""Two processes train one model, on a CPU through gloo."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port
from numpy.testing import assert_allclose
from tiny_project import ROOT, TINY, Project

from stages.train import train

STEPS = 40  # in each of 3 epochs: long enough to be killed on the way
MODEL = {
    **TINY,
    "crops_per_epoch": 4 * STEPS,
    "batch_size": 4,
    "train": {
        "crops": {"shift": 4, "rotate": 30},
        "grey": {"brightness": 9, "contrast": 0.3, "blur": 1, "noise": 5},
    },
}
OUTS = ("tiny/weights.pt", "tiny/model.json", "metrics.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Project:
    """A project with the outs of one process, ``one``, and of two, ``two``."""
    with pytest.MonkeyPatch.context() as patched:
        project = Project(tmp_path_factory.mktemp("together"))
        patched.chdir(project.root)
        for out, devices in (("one", 1), ("two", 2)):
            project.set_parameters(MODEL, devices=devices)
            train(**project.train_arguments(out))
    return project


@pytest.fixture
def project(made, monkeypatch) -> Iterator[Project]:
    monkeypatch.chdir(made.root)
    yield made
    for unfinished in Path("scratch").iterdir():
        shutil.rmtree(unfinished)


def curves(project: Project, out: str) -> pd.DataFrame:
    return pd.DataFrame(project.summary(out)["history"])


def start(project: Project, *launcher: str, **environment: str) -> subprocess.Popen:
    flags = [f"--{name}={value}" for name, value in project.train_arguments().items()]
    return subprocess.Popen(
        [*launcher, "-m", "stages.train", *flags],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_the_first_checkpoint(project: Project, process: subprocess.Popen) -> Path:
    while not (found := list((project.root / "scratch").glob("*/last.ckpt"))):
        assert process.poll() is None
        time.sleep(0.01)
    return found[0]


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children()
    found = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return sorted(found, key=psutil.Process.create_time)


def test_two_processes_learn_as_one_does(project):
    one, two = curves(project, "one"), curves(project, "two")
    assert_allclose(two["train_loss"], one["train_loss"], rtol=1e-4)
    assert_allclose(two["val_loss"], one["val_loss"], rtol=1e-4)
    assert_allclose(two["val_dice"], one["val_dice"], atol=1e-3)


def test_there_is_one_set_of_outs(project):
    for out in ("one", "two"):
        folder = project.root / out
        assert sorted(OUTS) == sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
    assert project.summary("two")["crops"] == 12 * STEPS
    assert not list((project.root / "scratch").iterdir())


def test_a_killed_process_fails_the_stage_and_torchrun_goes_on(project):
    project.set_parameters(MODEL, devices=2)
    process = start(project, sys.executable)
    checkpoint = wait_for_the_first_checkpoint(project, process)
    others = workers(process)
    others[1].send_signal(signal.SIGKILL)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "train: training process 2 of 2 was killed by SIGKILL" in printed
    assert "`dvc repro` goes on from the last checkpoint" in printed
    assert not any(other.is_running() for other in others)
    assert 0 < torch.load(checkpoint, weights_only=False)["global_step"] < 3 * STEPS
    assert not (project.root / "trained").exists()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    again = start(project, *torchrun)
    _, printed = again.communicate(timeout=300)
    assert again.returncode == 0, printed
    assert project.summary("trained") == project.summary("two")
    provenances = [(project.root / out / OUTS[1]).read_bytes() for out in ("trained", "two")]
    assert provenances[0] == provenances[1]
    ended, whole = (torch.load(project.root / out / OUTS[0]) for out in ("trained", "two"))
    assert all(torch.equal(ended[name], whole[name]) for name in whole)


def test_a_process_that_is_left_alone_says_so(project):
    """No parent watches over the processes: so it is with srun, or when another machine fails."""
    project.set_parameters(MODEL, seed=4, devices=2)
    port = str(find_free_network_port())
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    first, second = (start(project, sys.executable, **place, LOCAL_RANK=str(rank)) for rank in range(2))
    wait_for_the_first_checkpoint(project, first)
    second.kill()
    _, printed = first.communicate(timeout=60)
    second.communicate()
    assert first.returncode == 1
    assert "train: another training process has ended" in printed
    assert "Traceback" not in printed
