"""The parameters that all trainings share."""

from typing import Any, Literal

from pydantic import Field

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.models.base.settings import ModelSettings
from monolayer.parameters import Number, Settings, lookup, validate

LoggerName = Literal["tensorboard", "wandb"]
Monitor = Literal["ap50", "dice", "loss"]


class OptimiserSettings(Settings):
    """How the weights follow the gradients."""

    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    """``sgd`` has Nesterov's momentum."""
    weight_decay: Number = Field(default=0.01, ge=0)
    """Of the gradient with adam and sgd, of the weights themselves with adamw."""
    momentum: Number = Field(default=0.9, gt=0, lt=1)
    """Of sgd."""
    schedule: Literal["constant", "cosine", "one-cycle"] = "one-cycle"
    """``cosine`` rises in a straight line and falls to 0 along half a cosine; ``one-cycle`` rises from a 25th
    of the highest rate along half a cosine too (Smith and Topin 2018)."""
    warm_up: Number = Field(default=0.3, ge=0, lt=1)
    """Fraction of the steps in which the rate rises; ``constant`` has none."""
    clip_norm: Number | None = Field(default=None, gt=0)
    """Gradients of all weights together are made no longer than this; None leaves them."""


class CropSettings(Settings):
    """Where crops are cut, and how they are turned."""

    positive_fraction: Number = Field(default=0.5, ge=0, le=1)
    """Fraction of the crops that are centred on a cell's pixel."""
    others: Literal["background", "anywhere"] = "background"
    """What the other crops are centred on: any pixel of the background, or any pixel at all."""
    shift: int = Field(default=0, ge=0)
    """The centre is then moved by up to so many pixels up or down, and as many across. Half the crop's size
    makes a crop on a cell's pixel any crop with that pixel in it."""
    turns: bool = True
    """Right-angle turns and reflections, all eight equally often."""
    rotate: Number = Field(default=0.0, ge=0, le=180)
    """Crops are rotated by up to so many degrees either way."""
    scale: Number = Field(default=0.0, ge=0, lt=4)
    """Cells are made larger or smaller by a factor of up to 1 + this."""


class GreySettings(Settings):
    """How far grey levels are changed at random, in every crop by another amount; 0 for not at all."""

    brightness: Number = Field(default=0.0, ge=0)
    """Up to so many grey levels are added or taken away."""
    contrast: Number = Field(default=0.0, ge=0, lt=5)
    """The deviation from the crop's mean is multiplied by up to 1 + this, or divided by it."""
    blur: Number = Field(default=0.0, ge=0)
    """Gaussian blur with up to this standard deviation in pixels."""
    noise: Number = Field(default=0.0, ge=0)
    """Gaussian noise with up to this standard deviation in grey levels, new for each pixel."""


class TrainSettings(OptimiserSettings):
    """How models are trained."""

    ema_decay: Number | None = Field(default=0.99, gt=0, lt=1)
    """Of the exponential moving average of the weights, which is validated and kept; less in the first steps.
    None keeps the weights themselves."""
    monitor: Monitor = "ap50"
    """What tells how good an epoch is, on validation images: AP at an IoU of 0.5 of the cells that the
    decoder finds by its own settings, Dice of the foreground, or the loss. Kept are the weights of the last
    epoch that is as good as the best one, see `monolayer.training.history.is_as_good`."""
    early_stopping: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a better one."""

    crops: CropSettings = CropSettings()
    validation_images: int | None = Field(default=None, ge=1)
    """Validate on so many images, spread over the cell types; None for as many as are a tenth of the work
    of training, by pixels, at least 4."""
    grey: GreySettings = GreySettings()
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


def check_batch_size(name: str, model: ModelSettings, compute: ComputeSettings) -> None:
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
