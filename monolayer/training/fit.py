"""Train one model: Lightning's Trainer does the loop."""

import logging
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd
import torch
from dvclive.lightning import DVCLiveLogger
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping

from monolayer.accelerator import choose_precision, find_device
from monolayer.models._files import initialise
from monolayer.models._settings import ModelSettings
from monolayer.packing import Packed, resized_once
from monolayer.training._settings import TrainSettings
from monolayer.training.checkpoints import WholeCheckpointIO, checkpoint_callbacks
from monolayer.training.crops import Crops
from monolayer.training.data import WholeImages, home_of
from monolayer.training.history import read_history
from monolayer.training.task import Task

# A checkpoint folder that is not empty: a resumed training. A dataloader that is not resumable: a batch
# depends on its step alone.
warnings.filterwarnings("ignore", ".*(exists and is not empty|your dataloader is not resumable|LeafSpec).*")
logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Trained:
    """The outcome of a training."""

    weights: dict[str, torch.Tensor]
    """State of the model at its best epoch."""
    history: pd.DataFrame
    """See `monolayer.training.history.read_history`."""
    crops: int
    """Number of crops seen, until the last epoch."""
    parameters: int
    """Number of trained weights."""


def fit(
    architecture: ModuleType,
    model_settings: ModelSettings,
    settings: TrainSettings,
    train: Packed,
    val: Packed,
    seed: int,
    scratch: Path,
) -> Trained:
    """Train until the last epoch, from the checkpoint in `scratch` where there is one.

    Parameters
    ----------
    architecture
        A module of `monolayer.models`.
    model_settings, settings
        Settings of the model, and of the training as `TrainSettings.on_this_machine` returns them.
    train, val
        Images and labels.
    seed
        Seeds weights, crops and dropout.
    scratch
        Folder of this very training: running checkpoints and DVCLive's files.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(seed)
    model = architecture.build(model_settings)
    if model_settings.initialise_from is not None:
        initialise(model, Path(model_settings.initialise_from))
    if model_settings.resize is not None:
        train, val = (
            resized_once(split, model_settings.resize, scratch / f"resized-{name}")
            for name, split in (("train", train), ("val", val))
        )
    if settings.precision != "32-true":
        # What the convolutions of half the size are fast in; those of float32 are not, on a CPU.
        model.to(memory_format=torch.channels_last)
    crops = Crops(
        train,
        size=model_settings.crop_size,
        batch_size=model_settings.batch_size,
        settings=settings.crops,
        normalise=model_settings.normalise,
        seed=seed,
        device=home_of(train, find_device(settings.accelerator), settings.resident_share),
    )
    steps = math.ceil(model_settings.crops_per_epoch / model_settings.batch_size)
    task = Task(model, crops, settings, model_settings.lr, model_settings.epochs * steps, seed)
    if settings.compile is not None:
        model.compile(mode=settings.compile)
    last = scratch / "last.ckpt"
    _trainer(model_settings.epochs, settings, scratch).fit(
        task,
        train_dataloaders=range(steps),
        val_dataloaders=WholeImages(val, model_settings.normalise, settings.validation_images),
        ckpt_path=last if last.exists() else None,
        weights_only=True,
    )
    history = read_history(scratch / "live")
    return Trained(
        weights=_best_weights(scratch),
        history=history,
        crops=len(history) * steps * model_settings.batch_size,
        parameters=sum(weight.numel() for weight in model.parameters()),
    )


def _trainer(epochs: int, settings: TrainSettings, scratch: Path) -> Trainer:
    device = find_device(settings.accelerator)
    return Trainer(
        max_epochs=epochs,
        accelerator=device.type,
        devices=1,
        precision=choose_precision(settings.precision, device),
        deterministic="warn",
        logger=DVCLiveLogger(
            dir=str(scratch / "live"), resume=True, save_dvc_exp=False, dvcyaml=None, report=None
        ),
        callbacks=_callbacks(settings, scratch),
        gradient_clip_val=settings.clip_norm,
        plugins=[WholeCheckpointIO()],
        default_root_dir=scratch,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        enable_model_summary=False,
    )


def _callbacks(settings: TrainSettings, scratch: Path) -> list[Callback]:
    callbacks = checkpoint_callbacks(scratch, settings.checkpoint_seconds)
    if settings.early_stopping is None:
        return callbacks
    stop = EarlyStopping(
        "val/dice", mode="max", patience=settings.early_stopping, check_on_train_epoch_end=True
    )
    return [stop, *callbacks]


def _best_weights(scratch: Path) -> dict[str, torch.Tensor]:
    state = torch.load(scratch / "best.ckpt", map_location="cpu", weights_only=True)["state_dict"]
    # The averaged model, where there is one.
    prefix = "average.module." if "average.n_averaged" in state else "model."
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
