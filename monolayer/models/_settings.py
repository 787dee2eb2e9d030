"""What every entry under ``models:`` has, and how one is read."""

from types import ModuleType
from typing import Any

from pydantic import Field

from monolayer.heads._head import build_head
from monolayer.normalisation import NormaliseSettings
from monolayer.parameters import Number, Settings, lookup, validate
from monolayer.plugins import load_plugin


class ModelSettings(Settings):
    """Settings that every model shares; an architecture's own class adds to them."""

    architecture: str
    """The module of monolayer/models that builds the net."""
    lr: Number = Field(default=2e-3, gt=0)
    """Highest learning rate."""
    epochs: int = Field(default=10, ge=1)
    """An epoch ends with a validation and a checkpoint."""
    crops_per_epoch: int = Field(default=64, ge=1)
    """Crops drawn from the training images in each epoch; rounded up to whole batches."""
    crop_size: int = Field(default=128, ge=32, multiple_of=32)
    """Side of the square crops in pixels; a multiple of 32, the coarsest stride of the nets."""
    batch_size: int = Field(default=4, ge=1)
    """Crops per step."""
    train: dict[str, Any] = Field(default={})
    """Overrides of params.yaml's ``train:`` for this model alone."""
    normalise: NormaliseSettings = NormaliseSettings()
    """What the net sees of the grey levels."""
    resize: int | None = Field(default=None, ge=32)
    """Images are resized to a square of this side in pixels, and the outputs back; None leaves them."""
    initialise_from: str | None = None
    """Folder of a trained model whose weights the training starts from: fine-tuning."""


def selected_model(parameters: dict[str, Any], name: str) -> tuple[ModuleType, ModelSettings]:
    """Return the architecture's module and the validated settings of one entry under ``models:``."""
    key = f"models.{name}"
    values = lookup(parameters, key)
    architecture = lookup(parameters, f"{key}.architecture")
    module = load_plugin("monolayer.models", architecture, f"{key}.architecture")
    settings = validate(values, key, module.Settings)
    if "head" in module.Settings.model_fields:
        build_head(settings.head, f"{key}.head")  # which says what is wrong with it
    return module, settings
