from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from monolayer.compute.accelerator import autocast, choose_precision, find_device, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.parameters import validate

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.mark.parametrize(
    ("accelerator", "available", "device"),
    [("auto", False, "cpu"), ("auto", True, "cuda"), ("cpu", True, "cpu"), ("gpu", True, "cuda")],
)
def test_the_device_is_the_one_asked_for(accelerator, available, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert find_device(accelerator).type == device


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="torch finds none here: choose auto or cpu"):
        find_device("gpu")


@pytest.mark.parametrize(
    ("device", "fast", "precision"),
    [
        ("cpu", True, "32-true"),
        ("cuda", True, "bf16-mixed"),
        ("cuda", False, "16-mixed"),
    ],
)
def test_the_precision_is_the_one_that_the_device_is_fast_with(device, fast, precision, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fast)
    assert choose_precision("auto", torch.device(device)) == precision
    assert choose_precision("32-true", torch.device(device)) == "32-true"


@pytest.mark.parametrize(("gpus", "asked", "meant"), [(0, "auto", 1), (0, 2, 2), (4, "auto", 4), (4, 3, 3)])
def test_what_auto_means_is_settled_before_a_training_begins(gpus, asked, meant, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    compute = on_this_machine(ComputeSettings(devices=asked, threads=7))
    assert compute.accelerator == ("gpu" if gpus else "cpu")
    precision = "bf16-mixed" if gpus else "32-true"
    assert (compute.devices, compute.precision, compute.threads) == (meant, precision, 7)


@pytest.fixture
def gpus(monkeypatch) -> Callable[[int], None]:
    """Pretend that this machine has so many GPUs."""

    def pretend(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)

    return pretend


@pytest.mark.parametrize(
    ("available", "nodes", "batch_size", "devices"),
    [(3, 1, 4, 2), (8, 1, 4, 4), (4, 1, 2, 2), (4, 1, 7, 1), (6, 1, 12, 6), (4, 2, 4, 2), (3, 3, 6, 2)],
)
def test_auto_takes_the_most_devices_that_share_a_batch(gpus, available, nodes, batch_size, devices):
    gpus(available)
    assert on_this_machine(ComputeSettings(nodes=nodes), batch_size).devices == devices
    assert on_this_machine(ComputeSettings(nodes=nodes, devices=3), batch_size).devices == 3
    assert on_this_machine(ComputeSettings(accelerator="cpu"), batch_size).devices == 1


def test_every_entry_trains_on_any_number_of_gpus(gpus):
    entries = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))["models"]
    for available in range(1, 9):
        gpus(available)
        for entry in entries.values():
            devices = on_this_machine(ComputeSettings(), entry["batch_size"]).devices
            assert entry["batch_size"] % devices == 0
            larger = range(devices + 1, available + 1)
            assert not any(entry["batch_size"] % count == 0 for count in larger)


def test_a_batch_that_the_machines_cannot_share_is_left_to_the_check(gpus):
    gpus(4)
    assert on_this_machine(ComputeSettings(nodes=3), 4).devices == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"threads": 0},
        {"devices": 0},
        {"devices": True},
        {"nodes": 0},
        {"precision": "fp8"},
        {"accelerator": "abacus"},
    ],
)
def test_impossible_values(wrong):
    with pytest.raises(InputError, match=rf"compute\.{next(iter(wrong))}"):
        validate(wrong, "compute", ComputeSettings)


@pytest.mark.parametrize(("precision", "dtype"), [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)])
def test_nets_compute_in_the_precision(precision, dtype):
    with autocast(precision, torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
