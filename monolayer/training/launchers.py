"""Who started this process: torchrun, srun or nobody, as Lightning tells them apart."""

import os

from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
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
