"""Which device the nets run on."""

from typing import Literal

import torch

from monolayer.errors import InputError

Accelerator = Literal["auto", "cpu", "gpu"]
"""``auto`` takes a GPU where there is one."""


def find_device(accelerator: Accelerator) -> torch.device:
    """Return the device that a parameter means, or raise an `InputError` where there is no such one."""
    available = torch.cuda.is_available()
    if accelerator == "gpu" and not available:
        raise InputError(
            "params.yaml: accelerator: gpu, but torch finds none here: choose auto or cpu, "
            "or install the driver and a build of torch for this GPU"
        )
    return torch.device("cuda" if available and accelerator != "cpu" else "cpu")
