"""How many crops an entry of params.yaml can be trained on in given CPU seconds."""

from typing import Any

from benchmarks.packed_data import Data
from benchmarks.trained import train_entry
from monolayer.compute.settings import ComputeSettings

WARM_UP, FEW, MANY = 8, 16, 96
"""Crops of the trainings that are timed; the first takes what is loaded once."""


def crops_within(
    cpu_seconds: float,
    name: str,
    data: Data,
    compute: ComputeSettings,
    model: dict[str, Any],
    train: dict[str, Any],
) -> int:
    """Return the crops of each epoch with which the training takes so long, validations too.

    Three short trainings tell the time of a crop and that of an epoch's validation.
    """

    def seconds(crops: int) -> float:
        one_epoch = model | {"epochs": 1, "crops_per_epoch": crops}
        return float(train_entry(name, data, compute, one_epoch, train)[1]["cpu_s"])

    seconds(WARM_UP)
    few, many = seconds(FEW), seconds(MANY)
    a_crop = max(many - few, 1e-3) / (MANY - FEW)
    others = max(0.0, few - FEW * a_crop)
    return max(FEW, round((cpu_seconds / model["epochs"] - others) / a_crop))
