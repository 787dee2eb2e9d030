import pytest
import torch

from monolayer.accelerator import autocast, choose_precision, find_device
from monolayer.errors import InputError


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
        ("cpu", True, "bf16-mixed"),
        ("cpu", False, "32-true"),
        ("cuda", True, "bf16-mixed"),
        ("cuda", False, "16-mixed"),
    ],
)
def test_the_precision_is_the_one_that_the_device_is_fast_with(device, fast, precision, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fast)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "amx_bf16": fast})
    assert choose_precision("auto", torch.device(device)) == precision
    assert choose_precision("32-true", torch.device(device)) == "32-true"


@pytest.mark.parametrize(("precision", "dtype"), [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)])
def test_nets_compute_in_the_precision(precision, dtype):
    with autocast(precision, torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
