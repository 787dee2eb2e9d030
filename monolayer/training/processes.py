"""The processes that train a model together: which of them this is, and what they tell each other."""

import os
from typing import NamedTuple

import torch
from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from torch import Tensor, distributed

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError


class Process(NamedTuple):
    """A process's part of every batch, and of the images to validate on."""

    rank: int = 0
    """Which process this is, from 0."""
    world_size: int = 1
    """How many there are."""

    def of_batch(self, size: int) -> slice:
        """Return which crops of a batch are its own; `size` is a multiple of the number of processes.

        >>> Process(rank=1, world_size=2).of_batch(6)
        slice(3, 6, None)
        """
        own = size // self.world_size
        return slice(self.rank * own, (self.rank + 1) * own)


ALONE = Process()
"""Of a single process: everything."""


def find_environment() -> ClusterEnvironment:
    """Return what knows a process's place: of torchrun, of srun, or of `monolayer.training.workers`."""
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    # A batch script sees the SLURM_NTASKS of its allocation too; only what srun starts has this variable.
    if int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        return SLURMEnvironment(auto_requeue=False)
    return LightningEnvironment()


def find_process(environment: ClusterEnvironment, compute: ComputeSettings) -> Process:
    """Return the part of this process.

    Parameters
    ----------
    environment
        As `find_environment` returns it.
    compute
        As `monolayer.compute.accelerator.on_this_machine` returns it.

    Raises
    ------
    InputError
        The launcher started more or fewer processes than the settings say.
    """
    devices, nodes = int(compute.devices), compute.nodes
    alone = isinstance(environment, LightningEnvironment)  # which counts the processes later
    started = int(os.environ.get("WORLD_SIZE", "1")) if alone else environment.world_size()
    if started != devices * nodes:
        raise InputError(
            f"params.yaml: compute.devices x compute.nodes is {devices} x {nodes}, but compute.launcher "
            f"({compute.launcher}) started {started}: make them agree, see the README on several machines"
        )
    return Process(environment.node_rank() * devices + environment.local_rank(), started)


def gathered(values: Tensor) -> Tensor:
    """Return the values [N] of every process, [world, N]."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return values[None]
    everyone = [torch.empty_like(values) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everyone, values)
    return torch.stack(everyone)
