"""Train one model: Lightning's Trainer does the loop."""

import logging
import math
import os
import warnings
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, Timer
from lightning.pytorch.strategies import DDPStrategy

from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.files import initialise
from monolayer.models.base.model import Model, Views, build_model
from monolayer.models.base.settings import ModelSettings
from monolayer.training.checkpoints import MONITORED, WholeCheckpointIO, checkpoint_callbacks
from monolayer.training.crops import Crops
from monolayer.training.data import WholeImages, affordable_images, home_of
from monolayer.training.history import as_table
from monolayer.training.launchers import find_environment, find_process
from monolayer.training.loggers import build_loggers
from monolayer.training.packing import Packed, resized_once
from monolayer.training.processes import Process
from monolayer.training.progress import Progress
from monolayer.training.settings import TrainSettings
from monolayer.training.task import Task
from monolayer.training.workers import others_may_end

# A checkpoint folder that is not empty: a resumed training. A dataloader that is not resumable: a batch
# depends on its step alone.
warnings.filterwarnings("ignore", ".*(exists and is not empty|your dataloader is not resumable|LeafSpec).*")
for module in ("pytorch.utilities.rank_zero", "fabric.utilities.rank_zero", "fabric.utilities.distributed"):
    logging.getLogger(f"lightning.{module}").setLevel(logging.WARNING)

QUIET: dict[str, Any] = {
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
    "enable_model_summary": False,
    "enable_progress_bar": False,
}

PATIENCE = timedelta(minutes=10)
"""How long processes wait for each other before they give up."""


@dataclass(frozen=True)
class Trained:
    """The outcome of a training."""

    weights: dict[str, torch.Tensor]
    """State of the model after the epoch that is kept."""
    best_epoch: int
    """The one that is kept, from 1; see `TrainSettings.monitor`."""
    validation_images: int
    """On how many it was validated."""
    history: pd.DataFrame
    """See `monolayer.training.history.as_table`."""
    crops: int
    """Number of crops seen, until the last epoch."""
    parameters: int
    """Number of trained weights."""
    started_from: str
    """Which weights the training began with."""
    seconds: float
    """Of training and validation, those before an interruption too."""


def fit(
    model_settings: ModelSettings,
    settings: TrainSettings,
    compute: ComputeSettings,
    train: Packed,
    val: Packed,
    seed: int,
    scratch: Path,
    tracking: Path,
    views: Views,
) -> Trained | None:
    """Train until the last epoch, from the checkpoint in `scratch` where there is one.

    Each of the processes that train together calls this.

    Parameters
    ----------
    model_settings, settings
        Settings of the model and of the training.
    compute
        As `monolayer.compute.accelerator.on_this_machine` returns it.
    train, val
        Images and labels.
    seed
        Seeds weights, crops and dropout.
    scratch
        Folder of this very training, which all processes see: running checkpoints and DVCLive's files.
    tracking
        Folder for the files of the other loggers.
    views
        Shows the model the images to validate on.

    Returns
    -------
    Trained or None
        None in all processes but the first.
    """
    _use_threads(compute)
    environment = find_environment()
    process = find_process(environment, compute)
    torch.manual_seed(seed)
    model, started_from = _build(model_settings, compute)
    if (side := model_settings.resize) is not None:
        train, val = (
            resized_once(split, side, scratch / name) for name, split in (("train", train), ("val", val))
        )
    gpu = compute.accelerator == "gpu"
    device = torch.device("cuda", environment.local_rank()) if gpu else torch.device("cpu")
    crops = Crops(
        train,
        size=model_settings.crop_size,
        batch_size=model_settings.batch_size,
        settings=settings.crops,
        normalise=model_settings.normalise,
        seed=seed,
        device=home_of(train, device, compute.resident_fraction),
        frames=model.frames,
        process=process,
    )
    steps = math.ceil(model_settings.crops_per_epoch / model_settings.batch_size)
    task = Task(
        model, crops, settings, model_settings.lr, model_settings.epochs * steps, seed, views, process
    )
    if compute.compile is not None:
        model.compile(mode=compute.compile)
    timer = Timer(verbose=False)
    trainer = Trainer(
        max_epochs=model_settings.epochs,
        callbacks=[
            timer,
            *_callbacks(model_settings, settings, compute, steps, scratch),
        ],
        logger=build_loggers(settings.loggers, scratch, tracking),
        gradient_clip_val=settings.clip_norm,
        plugins=[WholeCheckpointIO(), environment],
        default_root_dir=scratch,
        **_hardware(compute, process),
        **QUIET,
    )
    pixels = steps * model_settings.batch_size * model.frames * model_settings.crop_size**2
    count = settings.validation_images or affordable_images(val, pixels)
    validation = WholeImages(val, model_settings.normalise, count, process, model.frames)
    last = scratch / "last.ckpt"
    with others_may_end():
        trainer.fit(
            task,
            train_dataloaders=range(steps),
            val_dataloaders=validation,
            ckpt_path=last if last.exists() else None,
            weights_only=True,
        )
    if process.rank:
        return None
    history = as_table(task.history)
    best = torch.load(scratch / "best.ckpt", map_location="cpu", weights_only=True)
    return Trained(
        weights=_weights(best["state_dict"]),
        best_epoch=best["epoch"] + 1,
        validation_images=validation.images,
        history=history,
        crops=len(history) * steps * model_settings.batch_size,
        parameters=sum(weight.numel() for weight in model.parameters()),
        started_from=started_from,
        seconds=timer.time_elapsed("train"),
    )


def _build(settings: ModelSettings, compute: ComputeSettings) -> tuple[Model, str]:
    model = build_model(settings)
    started_from = model.take_published_weights()
    if settings.initialise_from is not None:
        initialise(model, Path(settings.initialise_from))
        started_from = settings.initialise_from
    if compute.precision != "32-true":
        # What the convolutions of half the size are fast in; those of float32 are not, on a CPU.
        model.to(memory_format=torch.channels_last)
    return model, started_from


def _use_threads(compute: ComputeSettings) -> None:
    torch.set_num_threads(compute.threads)
    if int(compute.devices) * compute.nodes > 1:
        os.environ["OMP_NUM_THREADS"] = str(compute.threads)  # or Lightning sets a number of its own


def _hardware(compute: ComputeSettings, process: Process) -> dict[str, Any]:
    together = process.world_size > 1
    return {
        "accelerator": compute.accelerator,
        "devices": compute.devices,
        "num_nodes": compute.nodes,
        "precision": compute.precision,
        "strategy": DDPStrategy(timeout=PATIENCE) if together else "auto",
        # Torch has none for CPUs: there the statistics are those of the first process.
        "sync_batchnorm": together and compute.accelerator == "gpu",
        "use_distributed_sampler": False,
        "deterministic": "warn",
    }


def _callbacks(
    model: ModelSettings,
    settings: TrainSettings,
    compute: ComputeSettings,
    steps: int,
    scratch: Path,
) -> list[Callback]:
    progress = Progress(model.epochs * steps * model.batch_size, model.batch_size)
    callbacks = [progress, *checkpoint_callbacks(scratch, compute.checkpoint_seconds)]
    if settings.early_stopping is None:
        return callbacks
    stop = EarlyStopping(
        MONITORED, mode="max", patience=settings.early_stopping, check_on_train_epoch_end=True
    )
    return [stop, *callbacks]


def _weights(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # The averaged model, where there is one.
    prefix = "average.module." if "average.n_averaged" in state else "model."
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
