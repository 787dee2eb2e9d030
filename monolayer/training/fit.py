"""Train one model: Lightning's Trainer does the loop."""

import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd
import torch
from dvclive.lightning import DVCLiveLogger
from lightning.pytorch import Trainer

from monolayer.accelerator import find_device
from monolayer.models._settings import ModelSettings
from monolayer.training._settings import TrainSettings
from monolayer.training.checkpoints import WholeCheckpointIO, checkpoint_callbacks
from monolayer.training.data import Data
from monolayer.training.history import read_history
from monolayer.training.samples import Sample
from monolayer.training.task import Task

# No workers: the images are in memory. A checkpoint folder that is not empty: a resumed training.
warnings.filterwarnings("ignore", ".*(does not have many workers|exists and is not empty|LeafSpec).*")
logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Trained:
    """The outcome of a training."""

    weights: dict[str, torch.Tensor]
    """State of the model at its best epoch."""
    history: pd.DataFrame
    """See `monolayer.training.history.read_history`."""
    parameters: int
    """Number of trained weights."""


def fit(
    architecture: ModuleType,
    model_settings: ModelSettings,
    settings: TrainSettings,
    train: Sequence[Sample],
    val: Sequence[Sample],
    seed: int,
    scratch: Path,
) -> Trained:
    """Train until the last epoch, from the checkpoint in `scratch` where there is one.

    Parameters
    ----------
    architecture
        A module of `monolayer.models`.
    model_settings, settings
        Settings of the model and of the training.
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
    steps = model_settings.epochs * math.ceil(model_settings.crops_per_epoch / model_settings.batch_size)
    task = Task(model, model_settings.lr, steps, seed)
    data = Data(train, val, settings, model_settings, seed)
    last = scratch / "last.ckpt"
    _trainer(model_settings.epochs, settings, scratch).fit(
        task, data, ckpt_path=last if last.exists() else None
    )
    return Trained(
        weights=_best_weights(scratch),
        history=read_history(scratch / "live"),
        parameters=sum(weight.numel() for weight in model.parameters()),
    )


def _trainer(epochs: int, settings: TrainSettings, scratch: Path) -> Trainer:
    return Trainer(
        max_epochs=epochs,
        accelerator="gpu" if find_device(settings.accelerator).type == "cuda" else "cpu",
        devices=1,
        precision=settings.precision,
        deterministic="warn",
        logger=DVCLiveLogger(
            dir=str(scratch / "live"), resume=True, save_dvc_exp=False, dvcyaml=None, report=None
        ),
        callbacks=list(checkpoint_callbacks(scratch)),
        plugins=[WholeCheckpointIO()],
        default_root_dir=scratch,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        log_every_n_steps=1,
        enable_model_summary=False,
    )


def _best_weights(scratch: Path) -> dict[str, torch.Tensor]:
    state = torch.load(scratch / "best.ckpt", map_location="cpu", weights_only=True)["state_dict"]
    return {name.removeprefix("model."): weight for name, weight in state.items()}
