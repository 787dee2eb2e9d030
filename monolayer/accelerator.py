"""Which device the nets run on, and in which number format."""

from typing import Literal

import torch

from monolayer.errors import InputError

Accelerator = Literal["auto", "cpu", "gpu"]
"""``auto`` takes a GPU where there is one."""

NumberFormat = Literal["32-true", "bf16-mixed", "16-mixed"]
"""Lightning's names: float32, or convolutions and products in 16 bits and the rest in float32."""

Precision = Literal["auto", NumberFormat]
"""``auto`` takes bfloat16 where the device is fast with it."""


def find_device(accelerator: Accelerator) -> torch.device:
    """Return the device that a parameter means, or raise an `InputError` where there is no such one."""
    available = torch.cuda.is_available()
    if accelerator == "gpu" and not available:
        raise InputError(
            "params.yaml: accelerator: gpu, but torch finds none here: choose auto or cpu, "
            "or install the driver and a build of torch for this GPU"
        )
    return torch.device("cuda" if available and accelerator != "cpu" else "cpu")


def choose_precision(precision: Precision, device: torch.device) -> NumberFormat:
    """Return the number format that a parameter means on a device."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    # Without such instructions a CPU computes bfloat16 at half the speed of float32.
    capabilities = torch.cpu.get_capabilities()
    native = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bf16-mixed" if native else "32-true"


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context in which nets compute on a device in the number format that a parameter means."""
    chosen = choose_precision(precision, device)
    dtype = torch.float16 if chosen == "16-mixed" else torch.bfloat16
    return torch.autocast(device.type, dtype, enabled=chosen != "32-true")
