"""What a training is made from, besides the settings of the model: kept with the weights."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import torch

from monolayer.compute.settings import ComputeSettings
from monolayer.heads.base.head import head_module
from monolayer.images.normalisation import known_before_the_image
from monolayer.models.base.files import weights_digest
from monolayer.models.base.model import architecture_module
from monolayer.models.base.settings import ModelSettings
from monolayer.training.packing import Packed
from monolayer.training.settings import TrainSettings


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
) -> dict[str, Any]:
    """Return seed, recipe, processes, digests of data, code and first weights, as JSON can hold them."""
    start = model.initialise_from
    return {
        "seed": seed,
        "train": settings.model_dump(),
        "compute": of_nets(compute),
        "data": {"train": train.digest, "val": val.digest},
        "initial_weights": None if start is None else weights_digest(Path(start)),
        "code": code_version(model),
    }


def of_nets(compute: ComputeSettings) -> dict[str, Any]:
    """Return the settings that decide what nets compute, other than those that only say who does it."""
    return compute.model_dump(exclude={"jobs", "scheduler", "launcher"})


def code_version(model: ModelSettings) -> dict[str, str]:
    """Return the version of torch, and a digest of the modules of Monolayer that this process has imported.

    In the train stage they are what dvc.yaml lists: code of other stages makes no other training.
    """
    # Otherwise imported only where the model is built, and so missing here.
    architecture_module(model)
    head_module(model.head)
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] == "monolayer" and module.__file__:
            digest.update(Path(module.__file__).read_bytes())
    return {"monolayer": digest.hexdigest()[:16], "torch": torch.__version__}


def fingerprint(name: str, model: ModelSettings, provenance: dict[str, Any]) -> str:
    """Return 16 characters that change with what decides the training of an entry of ``models:``."""
    return hashlib.sha256(f"{name} {model!r} {provenance!r}".encode()).hexdigest()[:16]
