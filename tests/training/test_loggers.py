"""Scores beside DVCLive's: TensorBoard for real, Weights & Biases offline where it is installed."""

import importlib.util
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_project import TINY

from monolayer.errors import InputError
from monolayer.training import loggers
from stages.train import train


def train_with(project, *names: str) -> None:
    project.set_parameters({**TINY, "train": {"loggers": list(names)}})
    train(**project.train_arguments())


def test_tensorboard_shows_every_epoch(project):
    train_with(project, "tensorboard")
    (folder,) = Path("logs/tiny").iterdir()
    events = EventAccumulator(str(folder)).Reload()
    assert {"train/loss", "val/loss", "val/dice"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("val/dice")] == [1, 2, 3]
    shown = [event.value for event in events.Scalars("train/loss")]
    assert shown == pytest.approx(project.summary()["history"]["train_loss"], abs=1e-5)


def test_no_files_of_loggers_unless_asked(project):
    train_with(project)
    assert not Path("logs").exists()


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_package_that_is_not_installed(project, monkeypatch, name):
    monkeypatch.setattr(loggers, "find_spec", lambda _: None)
    message = rf"train\.loggers: {name} needs the package {name}, .* `pip install {name}`"
    with pytest.raises(InputError, match=message):
        train_with(project, name)
    assert not Path("logs").exists()


@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is optional and not installed")
def test_wandb_offline(project, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    train_with(project, "wandb")
    assert list(Path("logs/tiny/wandb").glob("offline-run-*/run-*.wandb"))
