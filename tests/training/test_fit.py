"""Training repeats bit for bit, also when it is killed on the way."""

import json
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_project import TINY, interrupt_once

from monolayer.errors import InputError
from monolayer.training.crops import Crops
from monolayer.training.packing import read_packed
from monolayer.training.task import Task
from stages.train import train


def assert_same_outs(project, first: str, second: str) -> None:
    one, two = project.weights(first), project.weights(second)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert project.summary(first) == project.summary(second)
    first_bytes, second_bytes = (
        (project.root / out / "tiny/model.json").read_bytes() for out in (first, second)
    )
    assert first_bytes == second_bytes


def kill_after_the_first_checkpoint(project) -> None:
    process = project.start_training()
    try:
        while not list((project.root / "scratch").glob("*/last.ckpt")):
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_training_twice_gives_the_same_outs(project):
    train(**project.train_arguments("first"))
    assert not list((project.root / "scratch").iterdir())
    train(**project.train_arguments("second"))
    assert_same_outs(project, "first", "second")


def test_another_seed_gives_other_weights(project):
    train(**project.train_arguments("first"))
    project.set_parameters(TINY, seed=4)
    train(**project.train_arguments("second"))
    one, two = project.weights("first"), project.weights("second")
    assert any(not torch.equal(one[name], two[name]) for name in one)


def test_the_outs_say_what_was_trained(project):
    project.set_parameters({**TINY, "epochs": 4, "lr": 1e-2})
    train(**project.train_arguments())
    summary = project.summary()
    history, best = summary["history"], summary["best_epoch"] - 1
    assert len(history["val_ap50"]) == summary["epochs"] == 4
    assert summary["val_ap50"] == max(history["val_ap50"])
    assert all(summary[name] == history[name][best] for name in ("val_ap50", "val_dice", "val_loss"))
    assert summary["validation_images"] == 1
    assert summary["crops"] == 24
    assert summary["parameters"] == sum(weight.numel() for weight in project.weights("trained").values())
    assert summary["number_format"] == "32-true"
    name, instructions = summary["device"].rsplit(", ", 1)
    assert name in (torch.cpu.get_capabilities().get("cpu_name"), "CPU")
    assert instructions == torch.backends.cpu.get_cpu_capability()


def test_a_killed_training_goes_on_and_ends_with_the_same_outs(project):
    # V-Net has what is easily forgotten: batch statistics, and dropout.
    model = {"architecture": "vnet", "epochs": 3, "crops_per_epoch": 2, "batch_size": 2}
    project.set_parameters(model, checkpoint_seconds=60)  # large: only when an epoch ends
    train(**project.train_arguments("whole"))
    kill_after_the_first_checkpoint(project)
    (checkpoint,) = (project.root / "scratch").glob("*/last.ckpt")
    assert torch.load(checkpoint, weights_only=False)["epoch"] < 2
    assert not (project.root / "trained").exists()
    train(**project.train_arguments())
    assert_same_outs(project, "whole", "trained")


def keep_scratch(monkeypatch) -> None:
    """The stage's last line does nothing."""
    monkeypatch.setattr("stages.train.shutil", SimpleNamespace(rmtree=lambda _: None))


@pytest.mark.parametrize("step", [1, 2, 3, 4, 8])  # of 3 epochs of 3 steps
def test_a_training_goes_on_from_any_step(project, monkeypatch, step):
    project.set_parameters({**TINY, "norm": "batch"})
    train(**project.train_arguments("whole"))
    batches = interrupt_once(project, monkeypatch, step)
    train(**project.train_arguments())
    assert batches == [*range(step + 1), *range(step, 9)]
    assert_same_outs(project, "whole", "trained")


def test_a_training_goes_on_from_within_a_validation(project, monkeypatch):
    train(**project.train_arguments("whole"))
    validations, validated = [], Task.validation_step

    def interrupted(task: Task, *batch: object) -> None:
        validations.append(task.global_step)
        if len(validations) == 2:
            raise InterruptedError
        validated(task, *batch)

    monkeypatch.setattr(Task, "validation_step", interrupted)
    with pytest.raises(InterruptedError):
        train(**project.train_arguments())
    train(**project.train_arguments())
    assert_same_outs(project, "whole", "trained")
    assert validations == [3, 6, 6, 9]


def test_logs_that_a_kill_left_half_written_do_no_harm(project, monkeypatch):
    train(**project.train_arguments("whole"))
    interrupt_once(project, monkeypatch, step=4)
    (live,) = (project.root / "scratch").glob("*/live")
    for path in [live / "metrics.json", *live.rglob("*.tsv")]:
        path.write_text("")
    keep_scratch(monkeypatch)  # to see what was logged
    train(**project.train_arguments())
    assert_same_outs(project, "whole", "trained")
    logged = pd.read_csv(live / "plots/metrics/val/dice.tsv", sep="\t")
    assert logged["step"].tolist() == [1, 2, 3]


def test_a_training_killed_after_its_last_epoch_only_writes_its_outs(project, monkeypatch):
    train(**project.train_arguments("whole"))
    with monkeypatch.context() as patched:
        keep_scratch(patched)  # killed before that line
        train(**project.train_arguments("killed"))
    train(**project.train_arguments())
    assert_same_outs(project, "whole", "trained")


def first_validation(project, **model: object) -> float:
    project.set_parameters({**TINY, "lr": 1e-9, "epochs": 1, **model})
    out = f"run {len(list(project.root.iterdir()))}"
    train(**project.train_arguments(out))
    return json.loads((project.root / out / "metrics.json").read_text())["val_dice"]


def test_fine_tuning_starts_where_the_training_ended(project):
    project.set_parameters({**TINY, "epochs": 6, "lr": 1e-2})
    train(**project.train_arguments("before"))
    ended = json.loads((project.root / "before/metrics.json").read_text())["val_dice"]
    assert ended > 0.5
    goes_on = first_validation(project, initialise_from="before/tiny")
    assert goes_on == pytest.approx(ended, abs=0.02)
    assert first_validation(project) < ended - 0.1


@pytest.mark.parametrize("method", ["min-max", "percentile", "dataset", "imagenet"])
def test_every_normalisation_trains(project, method):
    project.set_parameters({**TINY, "epochs": 4, "lr": 2e-2, "normalise": {"method": method}})
    train(**project.train_arguments())
    model = json.loads((project.root / "trained/tiny/model.json").read_text())
    kept = model["settings"]["normalise"]["method"]
    assert kept == (method if method in ("min-max", "percentile") else "fixed")
    assert model["provenance"]["seed"] == 3
    assert model["provenance"]["data"]["train"] == read_packed(Path("packed/train")).digest


def test_a_resized_training_sees_resized_images(project, monkeypatch):
    seen = set()

    def batch(crops: Crops, number: int) -> object:
        cut_here = cut(crops, number)
        seen.add(tuple(np.unique(cut_here.labels)))
        return cut_here

    cut = Crops.batch
    monkeypatch.setattr(Crops, "batch", batch)
    project.set_parameters({**TINY, "resize": 32})
    train(**project.train_arguments())
    assert seen == {(0, 1, 2)}  # both discs in every crop of 32 pixels: it is the whole image
    assert not (project.root / "scratch").exists() or not list((project.root / "scratch").iterdir())


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_a_compiled_training_learns_the_same(project):
    scores = []
    for mode in (None, "default"):
        project.set_parameters({**TINY, "epochs": 1}, compile=mode)
        train(**project.train_arguments(f"{mode}"))
        scores.append(json.loads((project.root / f"{mode}/metrics.json").read_text())["val_dice"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    assert project.weights("None").keys() == project.weights("default").keys()


def test_a_model_that_does_not_exist(project):
    with pytest.raises(InputError, match=r"no 'large' in models; it has: tiny"):
        train(**{**project.train_arguments(), "out": Path("trained/large")})


def train_tiny(project, **choices: object) -> dict[str, object]:
    project.set_parameters({**TINY, "train": choices})
    train(**project.train_arguments())
    return project.summary()


def test_a_training_without_progress_stops(project):
    project.set_parameters(
        {**TINY, "epochs": 12, "lr": 1e-9, "train": {"early_stopping": 2, "ema_decay": None}}
    )
    train(**project.train_arguments())
    summary = project.summary()
    # No epoch is worse than another: the last one is kept.
    assert (summary["best_epoch"], summary["epochs"], summary["crops"]) == (3, 3, 18)


def weights_after(project, steps: int, decay: float | None) -> dict[str, torch.Tensor]:
    recipe = {"ema_decay": decay, "schedule": "constant"}
    project.set_parameters({**TINY, "epochs": 1, "crops_per_epoch": 2 * steps, "train": recipe})
    train(**project.train_arguments(f"{steps} {decay}"))
    return project.weights(f"{steps} {decay}")


def test_the_averaged_weights_are_kept(project):
    first, second, averaged = (weights_after(project, *run) for run in ((1, None), (2, None), (2, 0.99)))
    # The average begins with the weights after the first step, of which 2 / 11 are left after the second.
    for name, value in averaged.items():
        assert torch.allclose(value, first[name] * 2 / 11 + second[name] * 9 / 11, atol=1e-6)
    assert any(not torch.equal(averaged[name], second[name]) for name in averaged)


def test_a_loss_that_is_no_number_stops_the_training(project):
    project.set_parameters({**TINY, "lr": 1e30, "train": {"optimizer": "sgd", "schedule": "constant"}})
    with pytest.raises(InputError, match=r"no number from step \d+ on, at a learning rate of 1e\+30"):
        train(**project.train_arguments())
    assert not (project.root / "trained").exists()


def test_an_allocation_for_several_does_not_disturb_a_process_alone(project, monkeypatch):
    monkeypatch.setenv("SLURM_NTASKS", "4")
    monkeypatch.setenv("SLURM_PROCID", "0")
    train(**project.train_arguments())


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"optimiser": "adam"}, "models.tiny.train.optimiser: unknown key"),
        ({"clip_norm": 0}, "train.clip_norm"),
    ],
)
def test_a_recipe_that_cannot_be(project, choice, message):
    with pytest.raises(InputError, match=message):
        train_tiny(project, **choice)
