"""What every entry under ``models:`` has, how one is read, and how trained models are applied."""

from typing import Any

from pydantic import Field

from monolayer.errors import InputError
from monolayer.heads.base.settings import read_head
from monolayer.images.normalisation import NormaliseSettings
from monolayer.parameters import Number, Settings, lookup, validate
from monolayer.plugins import load_plugin


class ModelSettings(Settings):
    """Settings that every model shares; an architecture's own class adds to them."""

    architecture: str
    """The folder of monolayer/models that builds the net."""
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
    head: dict[str, Any] = Field(default={"method": "foreground"})
    """``method`` is a folder of monolayer/heads, which says what else may be set."""

    def check(self, key: str) -> None:
        """Raise an `InputError` where the settings do not fit each other; `key` says where they stand."""


class PixelSettings(ModelSettings):
    """Settings of a net with outputs for each pixel."""

    def check(self, key: str) -> None:
        """Raise an `InputError` where the head is for detectors, or takes no resized images."""
        method, head = self.head["method"], read_head(self.head, f"{key}.head")
        if head.for_detectors:
            raise InputError(
                f"params.yaml: {key}.head.method: {method} is for detectors: this architecture has outputs "
                "for each pixel"
            )
        if self.resize is not None and not head.resizable:
            raise InputError(
                f"params.yaml: {key}.resize: the head {method} takes images as they are: set it to null"
            )


class RecurrentSettings(PixelSettings):
    """Settings of a net that remembers earlier frames."""

    frames: int = Field(default=4, ge=1)
    """Length of the sequences that it is trained on."""

    def check(self, key: str) -> None:
        """Raise an `InputError` as `PixelSettings.check`, or where the head needs complete truth."""
        super().check(key)
        if not read_head(self.head, f"{key}.head").learns_from_partial_truth:
            raise InputError(
                f"params.yaml: {key}.head.method: {self.head['method']} needs all cells of every frame; a "
                "recurrent net is also shown frames that nobody annotated: set it to contour"
            )


class DetectorSettings(ModelSettings):
    """Settings of a model that finds each cell for itself."""

    head: dict[str, Any] = Field(default={"method": "boxes"})
    """``boxes``, and its settings."""
    detections: int = Field(default=2000, ge=1)
    """Detections of an image at most, those with the highest scores."""

    def check(self, key: str) -> None:
        """Raise an `InputError` where the head is for pixels, or images are to be resized."""
        if not read_head(self.head, f"{key}.head").for_detectors:
            raise InputError(
                f"params.yaml: {key}.head.method: {self.head['method']} is for pixels: a detector has boxes"
            )
        if self.resize is not None:
            raise InputError(
                f"params.yaml: {key}.resize: a detector takes images as they are: set it to null"
            )


class PredictSettings(Settings):
    """How trained models are applied."""

    tile: int = Field(default=1024, ge=64, multiple_of=32)
    """Images with a longer side, in pixels, are cut into square tiles of this size."""
    overlap: Number = Field(default=0.25, ge=0, lt=1)
    """Fraction of a tile that its neighbours cover too; a Gaussian weight blends them."""
    test_time_augmentation: bool = False
    """Average the outputs of all eight right-angle rotations and reflections, for eight times the time; the
    detections of a detector are gathered from all of them."""


def selected_model(parameters: dict[str, Any], name: str) -> ModelSettings:
    """Return the validated settings of one entry under ``models:``.

    Raises
    ------
    InputError
        There is no such entry or architecture, or a setting is unknown, missing or does not fit.
    """
    key = f"models.{name}"
    module = load_plugin(
        "monolayer.models", lookup(parameters, f"{key}.architecture"), f"{key}.architecture", "settings"
    )
    settings: ModelSettings = validate(lookup(parameters, key), key, module.Settings)
    settings.check(key)
    return settings
