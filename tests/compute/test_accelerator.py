import pytest
import torch

from monolayer.compute.accelerator import autocast, choose_precision, find_device, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.parameters import validate


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
