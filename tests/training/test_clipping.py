"""Gradients are clipped in every number format."""

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.plugins import MixedPrecision
from tiny_project import TINY

from stages.train import train


@pytest.fixture
def half_precision(monkeypatch) -> list[torch.amp.GradScaler]:
    """Train as a GPU without bfloat16 does: in float16, by scaled losses; return the scaler."""
    scalers = [torch.amp.GradScaler("cpu")]

    def trainer(precision: str, plugins: list[object], **others: object) -> Trainer:
        assert precision == "16-mixed"
        return Trainer(plugins=[*plugins, MixedPrecision("16-mixed", "cpu", scalers[0])], **others)

    monkeypatch.setattr("monolayer.training.fit.Trainer", trainer)
    return scalers


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_gradients_are_clipped_in_16_bits_too(project, half_precision, optimizer):
    recipe = {"optimizer": optimizer, "clip_norm": 1e-6, "weight_decay": 0, "ema_decay": None}
    settings = {**TINY, "epochs": 1, "train": recipe}
    project.set_parameters(settings, precision="16-mixed")
    train(**project.train_arguments("clipped"))
    assert half_precision[0].get_scale() == 2**16  # no step was left out as too large for 16 bits
    project.set_parameters({**settings, "train": {**recipe, "clip_norm": None}}, precision="16-mixed")
    train(**project.train_arguments("free"))
    project.set_parameters({**settings, "lr": 1e-30}, precision="16-mixed")
    train(**project.train_arguments("start"))
    start, clipped, free = (project.weights(out) for out in ("start", "clipped", "free"))
    moved = [max((own[name] - start[name]).abs().max() for name in start) for own in (clipped, free)]
    assert moved[1] > 1e-5
    assert moved[0] < 1e-6 if optimizer == "sgd" else moved[0] > 1e-5  # Adam's steps have no length to lose
