"""Who started this process: torchrun, srun or nobody, as Lightning tells them apart."""

import os
import sys

import torch
from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.models.base.settings import ModelSettings
from monolayer.training.processes import Process


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


def needs_workers(compute: ComputeSettings) -> bool:
    """Whether this process, started alone, has to start those that train on this machine."""
    alone = not find_environment().creates_processes_externally
    return alone and compute.nodes == 1 and int(compute.devices) > 1


def say_spare_devices(
    name: str, model: ModelSettings, asked: ComputeSettings, meant: ComputeSettings
) -> None:
    """Say on the screen, once, if ``devices: auto`` leaves GPUs without work in the training of `name`.

    `meant` is as `monolayer.compute.accelerator.on_this_machine` returns it of `asked`.
    """
    available = torch.cuda.device_count()
    if (
        asked.devices == "auto"
        and int(meant.devices) < available
        and meant.accelerator == "gpu"
        and _is_first()
    ):
        machines = "" if meant.nodes == 1 else f" on each of {meant.nodes} machines"
        print(
            f"train: {name} is trained on {meant.devices} of {available} GPUs{machines}: the most that share "
            f"its batches of {model.batch_size} crops evenly (compute.devices: auto)",
            file=sys.stderr,
        )


def _is_first() -> bool:
    """Whether this is the process that `monolayer.training.workers` is run in, or a launcher's first."""
    environment = find_environment()
    if isinstance(environment, LightningEnvironment):
        return not environment.creates_processes_externally
    return environment.global_rank() == 0
