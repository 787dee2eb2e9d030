"""Which part of a training a process has, by what started it."""

import numpy as np
import pytest
import torch
from lightning.fabric.plugins.environments import LightningEnvironment
from tiny_project import TINY, disc_sample, packed_of

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.normalisation import NormaliseSettings
from monolayer.models.base.settings import ModelSettings
from monolayer.training.augmentation import vary_grey_levels
from monolayer.training.crops import Crops
from monolayer.training.data import WholeImages
from monolayer.training.launchers import (
    find_environment,
    find_process,
    needs_workers,
    say_spare_devices,
)
from monolayer.training.processes import Process
from monolayer.training.settings import CropSettings, GreySettings
from stages.train import train

BATCH_SCRIPT = {
    "SLURM_JOB_ID": "7",
    "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_NNODES": "2",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "0",
}
SRUN = {
    **BATCH_SCRIPT,
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "1",
}
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "WORLD_SIZE": "4",
    "RANK": "3",
    "LOCAL_RANK": "1",
    "GROUP_RANK": "1",
}


@pytest.fixture
def started(monkeypatch):
    def start(variables: dict[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return start


@pytest.mark.parametrize("variables", [SRUN, TORCHRUN])
def test_the_last_of_two_processes_on_two_machines(started, variables):
    started(variables)
    compute = ComputeSettings(devices=2, nodes=2)
    assert find_process(find_environment(), compute) == Process(rank=3, world_size=4)
    assert not needs_workers(compute)


@pytest.mark.parametrize("variables", [{}, BATCH_SCRIPT])
def test_a_process_alone_also_in_an_allocation_for_several(started, variables):
    started(variables)
    assert isinstance(find_environment(), LightningEnvironment)
    assert find_process(find_environment(), ComputeSettings(devices=1)) == Process(rank=0, world_size=1)
    assert needs_workers(ComputeSettings(devices=2))


@pytest.mark.parametrize(
    ("variables", "devices", "nodes", "count"), [({}, 1, 2, 1), (SRUN, 1, 2, 4), (TORCHRUN, 2, 1, 4)]
)
def test_a_launcher_that_started_other_processes_than_the_settings_say(
    started, variables, devices, nodes, count
):
    started(variables)
    compute = ComputeSettings(devices=devices, nodes=nodes)
    assert not needs_workers(compute)
    with pytest.raises(
        InputError, match=rf"devices x compute.nodes is {devices} x {nodes}, .* started {count}"
    ):
        find_process(find_environment(), compute)


def pretend_gpus(monkeypatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.mark.parametrize(
    ("gpus", "batch_size", "started", "said"), [(3, 4, 2, True), (8, 4, 4, True), (4, 4, 4, False)]
)
def test_the_stage_starts_the_most_processes_that_share_a_batch(
    project, monkeypatch, capsys, gpus, batch_size, started, said
):
    counts = []
    pretend_gpus(monkeypatch, gpus)
    monkeypatch.setattr("stages.train.run_workers", lambda _, arguments, count: counts.append(count))
    project.set_parameters({**TINY, "batch_size": batch_size}, accelerator="auto")
    train(**project.train_arguments())
    assert counts == [started]
    line = (
        f"train: tiny is trained on {started} of {gpus} GPUs: the most that share its batches of 4 crops "
        "evenly (compute.devices: auto)\n"
    )
    assert capsys.readouterr().err == (line if said else "")


@pytest.mark.parametrize(
    ("variables", "said"),
    [({}, 1), ({"LOCAL_RANK": "0"}, 0), ({**TORCHRUN, "RANK": "0"}, 1), (TORCHRUN, 0), (SRUN, 0)],
)
def test_one_process_says_it(started, monkeypatch, capsys, variables, said):
    started(variables)
    pretend_gpus(monkeypatch, 3)
    model, asked = ModelSettings(architecture="unet", batch_size=4), ComputeSettings(nodes=2)
    say_spare_devices("tiny", model, asked, asked.model_copy(update={"devices": 2, "accelerator": "gpu"}))
    assert capsys.readouterr().err.count("2 of 3 GPUs on each of 2 machines") == said


def test_a_number_that_was_given_and_does_not_fit_is_an_error(project, monkeypatch):
    pretend_gpus(monkeypatch, 4)
    project.set_parameters({**TINY, "batch_size": 4}, accelerator="auto", devices=3)
    with pytest.raises(InputError, match=r"4 crops cannot be shared evenly by 3 processes"):
        train(**project.train_arguments())


def processes(world: int) -> list[Process]:
    return [Process(rank, world) for rank in range(world)]


@pytest.mark.parametrize("settings", [CropSettings(shift=3), CropSettings(rotate=90, scale=0.3)])
def test_processes_together_cut_the_crops_that_one_cuts(settings):
    packed = packed_of(disc_sample(0), disc_sample(1, (50, 80)))
    unchanged = NormaliseSettings(method="min-max")
    whole = Crops(packed, 32, 6, settings, unchanged, seed=3).batch(5)
    parts = [
        Crops(packed, 32, 6, settings, unchanged, seed=3, process=process).batch(5)
        for process in processes(3)
    ]
    assert [len(part.images) for part in parts] == [2, 2, 2]
    for together, alone in zip(zip(*parts, strict=True), whole, strict=True):
        assert torch.equal(torch.cat(together), alone)


def test_processes_together_change_grey_levels_as_one_does():
    settings = GreySettings(brightness=9, contrast=0.4, blur=1.5, noise=5)
    images = 128 + 20 * torch.randn(6, 1, 24, 30)

    def vary(process: Process) -> torch.Tensor:
        torch.manual_seed(1)
        return vary_grey_levels(images[process.of_batch(6)], settings, process)

    together = torch.cat([vary(process) for process in processes(2)])
    np.testing.assert_allclose(together, vary(Process()), rtol=1e-6)


@pytest.mark.parametrize(("count", "world", "length"), [(5, 2, 3), (4, 2, 2), (1, 3, 1)])
def test_every_image_counts_once_and_every_process_has_as_many(count, world, length):
    samples = [disc_sample(number) for number in range(count)]
    unchanged = NormaliseSettings(mean=0, scale=1)
    found = []
    for process in processes(world):
        own = WholeImages(packed_of(*samples), unchanged, None, process)
        assert len(own) == len(list(own)) == length
        found += [image[0].numpy().astype(np.uint8).tobytes() for image, _, counts in own if counts]
    assert sorted(found) == sorted(sample.image.tobytes() for sample in samples)
