import pytest
import torch

from monolayer.accelerator import find_device
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
