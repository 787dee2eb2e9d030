"""The parameters that all trainings share."""

from typing import Any

from pydantic import Field

from monolayer.compute import ComputeSettings
from monolayer.errors import InputError
from monolayer.models._settings import ModelSettings
from monolayer.parameters import Number, lookup, validate
from monolayer.training.augmentation import GreySettings
from monolayer.training.crops import CropSettings
from monolayer.training.loggers import LoggerName
from monolayer.training.optimisers import OptimiserSettings


class TrainSettings(OptimiserSettings):
    """How models are trained."""

    ema_decay: Number | None = Field(default=0.99, gt=0, lt=1)
    """Of the exponential moving average of the weights, which is validated and kept; less in the first steps.
    None keeps the weights themselves."""
    early_stopping: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a better validation Dice."""

    crops: CropSettings = CropSettings()
    validation_images: int | None = Field(default=None, ge=1)
    """Validate on so many images, spread evenly over the split; all of them by default."""
    grey: GreySettings = GreySettings()
    resident_share: Number = Field(default=0.5, ge=0, le=1)
    """A GPU keeps the training images in its memory where they take no more than this share of it; else they
    stay on the disk, mapped into the host's memory."""
    checkpoint_seconds: Number = Field(default=120, ge=0)
    """A killed training loses no more than this: it goes on from its last checkpoint."""
    loggers: list[LoggerName] = Field(default=[])
    """Where scores are logged beside DVCLive."""


def training_of(parameters: dict[str, Any], name: str, model: ModelSettings) -> TrainSettings:
    """Return ``train:`` with the overrides of the entry `name` of ``models:``.

    Raises
    ------
    InputError
        There is no such key, or a value is of the wrong type.
    """
    shared = validate(lookup(parameters, "train"), "train", TrainSettings)
    return validate({**shared.model_dump(), **model.train}, f"models.{name}.train", TrainSettings)


def check_shares(name: str, model: ModelSettings, compute: ComputeSettings) -> None:
    """Raise an `InputError` where the processes cannot share the batches of the model `name` evenly."""
    processes = int(compute.devices) * compute.nodes
    if model.batch_size % processes:
        raise InputError(
            f"params.yaml: models.{name}.batch_size: {model.batch_size} crops cannot be shared evenly by "
            f"{processes} processes (compute.devices x compute.nodes): choose a multiple of {processes}"
        )


def read_seed(parameters: dict[str, Any]) -> int:
    """Return the ``seed`` of params.yaml, or raise an `InputError` where it is no whole number >= 0."""
    seed = lookup(parameters, "seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"params.yaml: seed: expected a whole number from 0 on, got {seed!r}")
    return seed
