"""Which device the nets run on, and in which number format."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from monolayer.compute.settings import Accelerator, ComputeSettings, NumberFormat, Precision
from monolayer.errors import InputError


def on_this_machine(compute: ComputeSettings, batch_size: int | None = None) -> ComputeSettings:
    """Return the settings with each ``auto`` replaced by what it means here.

    Devices are as many as can share a batch of `batch_size` crops evenly, or all where it is None.
    """
    device = find_device(compute.accelerator)
    available = torch.cuda.device_count() if device.type == "cuda" else 1
    automatic = available if batch_size is None else most_devices(available, batch_size, compute.nodes)
    return compute.model_copy(
        update={
            "accelerator": "gpu" if device.type == "cuda" else "cpu",
            "devices": automatic if compute.devices == "auto" else compute.devices,
            "precision": choose_precision(compute.precision, device),
        }
    )


def most_devices(available: int, batch_size: int, nodes: int) -> int:
    """Return how many of the devices of each machine can share a batch evenly; all where no number can.

    >>> most_devices(available=3, batch_size=4, nodes=1), most_devices(available=8, batch_size=12, nodes=2)
    (2, 6)
    """
    even = [count for count in range(1, available + 1) if batch_size % (count * nodes) == 0]
    return max(even, default=available)


def find_device(accelerator: Accelerator) -> torch.device:
    """Return the device that a parameter means, or raise an `InputError` where there is no such one."""
    available = torch.cuda.is_available()
    if accelerator == "gpu" and not available:
        raise InputError(
            "params.yaml: compute.accelerator: gpu, but torch finds none here: choose auto or cpu, "
            "or install the driver and a build of torch for this GPU"
        )
    return torch.device("cuda" if available and accelerator != "cpu" else "cpu")


def choose_precision(precision: Precision, device: torch.device) -> NumberFormat:
    """Return the number format that a parameter means on a device."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    # In float32 the scores of some nets repeat to the byte on another CPU, and some CPUs are slower with
    # bfloat16: benchmarks/results/number_formats.json.
    return "32-true"


def device_name(compute: ComputeSettings) -> str:
    """Return the GPU's name, or the CPU's and which of its instructions torch computes with.

    `compute` is as `on_this_machine` returns it.
    """
    if compute.accelerator == "gpu":
        return torch.cuda.get_device_name()
    name = torch.cpu.get_capabilities().get("cpu_name", "CPU")
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context in which nets compute on a device in the number format that a parameter means."""
    chosen = choose_precision(precision, device)
    dtype = torch.float16 if chosen == "16-mixed" else torch.bfloat16
    return torch.autocast(device.type, dtype, enabled=chosen != "32-true")


@contextmanager
def memory_decided_by(remedy: str) -> Iterator[None]:
    """Turn a GPU's running out of memory into an `InputError` that says what to do in params.yaml."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise InputError(
            f"the memory of the GPU is full: {remedy} in params.yaml ({str(error).splitlines()[0]})"
        ) from None
