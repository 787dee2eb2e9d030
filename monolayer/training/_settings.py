"""The parameters that all trainings share."""

from typing import Any, Literal

from pydantic import Field

from monolayer.accelerator import Accelerator, Precision, choose_precision, find_device
from monolayer.errors import InputError
from monolayer.models._settings import ModelSettings
from monolayer.parameters import Number, lookup, validate
from monolayer.training.augmentation import GreySettings
from monolayer.training.crops import CropSettings
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
    threads: int = Field(default=2, ge=1)
    """CPU threads. Weights repeat bit for bit with the same number on the same machine."""
    accelerator: Accelerator = "auto"
    """``auto`` takes a GPU where there is one."""
    precision: Precision = "auto"
    """Number format of the nets, by Lightning's names."""
    resident_share: Number = Field(default=0.5, ge=0, le=1)
    """A GPU keeps the training images in its memory where they take no more than this share of it; else they
    stay on the disk, mapped into the host's memory."""
    compile: Literal["default", "reduce-overhead", "max-autotune"] | None = None
    """Mode of ``torch.compile``; None trains without it."""
    checkpoint_seconds: Number = Field(default=120, ge=0)
    """A killed training loses no more than this: it goes on from its last checkpoint."""

    def on_this_machine(self) -> "TrainSettings":
        """Return the settings with each ``auto`` replaced by what it means here."""
        device = find_device(self.accelerator)
        meant = {
            "accelerator": "gpu" if device.type == "cuda" else "cpu",
            "precision": choose_precision(self.precision, device),
        }
        return self.model_copy(update=meant)


def training_of(parameters: dict[str, Any], name: str, model: ModelSettings) -> TrainSettings:
    """Return ``train:`` with the overrides of the entry `name` of ``models:``.

    Raises
    ------
    InputError
        There is no such key, or a value is of the wrong type.
    """
    shared = validate(lookup(parameters, "train"), "train", TrainSettings)
    own = validate({**shared.model_dump(), **model.train}, f"models.{name}.train", TrainSettings)
    return own.on_this_machine()


def read_seed(parameters: dict[str, Any]) -> int:
    """Return the ``seed`` of params.yaml, or raise an `InputError` where it is no whole number >= 0."""
    seed = lookup(parameters, "seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"params.yaml: seed: expected a whole number from 0 on, got {seed!r}")
    return seed
