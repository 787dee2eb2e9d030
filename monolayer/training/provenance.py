"""What a training is made from, besides the settings of the model: kept with the weights."""

import hashlib
from pathlib import Path
from typing import Any

import torch

from monolayer.compute.code_version import code_version
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.heads.base.head import head_module
from monolayer.images.normalisation import known_before_the_image
from monolayer.models.base.files import weights_digest
from monolayer.models.base.model import architecture_module
from monolayer.models.base.settings import ModelSettings
from monolayer.training.packing import Packed
from monolayer.training.settings import TrainSettings

NO_RESULT_DEPENDS_ON = ("jobs", "scheduler", "launcher", "checkpoint_seconds", "resident_fraction")
"""Keys of ``compute:``."""


def with_known_levels(model: ModelSettings, train: Packed) -> ModelSettings:
    """Return the settings with the numbers that normalise images where the training images give them."""
    known = known_before_the_image(model.normalise, train.histograms)
    return model.model_copy(update={"normalise": known})


def provenance_of(
    model: ModelSettings,
    settings: TrainSettings,
    compute: ComputeSettings,
    seed: int,
    train: Packed,
    val: Packed,
    tile: int,
) -> dict[str, Any]:
    """Return seed, recipe, processes, digests of data, code and first weights, as JSON can hold them.

    `tile` is the side in pixels of the tiles in which it is validated.
    """
    start = model.initialise_from
    return {
        "seed": seed,
        "train": settings.model_dump(),
        "validation_tile": tile,
        "compute": of_nets(compute),
        "data": {"train": train.digest, "val": val.digest},
        "initial_weights": None if start is None else weights_digest(Path(start)),
        "code": {"monolayer": code_of(model), "torch": torch.__version__},
    }


def of_nets(compute: ComputeSettings) -> dict[str, Any]:
    """Return the settings that decide what nets compute, and not only who does it or how it is kept."""
    return compute.model_dump(exclude=set(NO_RESULT_DEPENDS_ON))


def code_of(model: ModelSettings) -> str:
    """Return `code_version`, with the code of net, head and decoder, imported only as these are needed."""
    architecture_module(model)
    head_module(model.head)
    load_decoder(model.head["method"])
    return code_version()


def fingerprint(name: str, model: ModelSettings, provenance: dict[str, Any]) -> str:
    """Return 16 characters that change with what decides the training of an entry of ``models:``."""
    return hashlib.sha256(f"{name} {model!r} {provenance!r}".encode()).hexdigest()[:16]
