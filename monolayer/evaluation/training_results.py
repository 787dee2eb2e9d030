"""How trainings went, as evaluations and comparisons show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from monolayer.errors import InputError


class TrainingResult(msgspec.Struct, frozen=True):
    """What the train stage says of a model; keys that are not needed here are passed over."""

    seconds: float
    device: str
    number_format: str
    history: dict[str, list[float]]
    """By column: ``train_loss``, ``val_loss`` and ``val_dice`` of each epoch."""


def read_training(path: Path) -> TrainingResult:
    """Read what the train stage wrote.

    Raises
    ------
    InputError
        The file is missing, or of another version.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrainingResult)
    except FileNotFoundError:
        raise InputError(f"{path} not found: run `dvc repro train@{path.stem}`") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} says nothing of a training ({error}): train again") from None


def histories(trainings: Mapping[str, TrainingResult], column: str) -> dict[str, list[Any]]:
    """Return the columns ``model``, ``epoch`` and one of the histories, model after model.

    >>> histories({"unet": TrainingResult(60, "CPU", "32-true", {"val_dice": [0.5, 0.7]})}, "val_dice")
    {'model': ['unet', 'unet'], 'epoch': [1, 2], 'val_dice': [0.5, 0.7]}
    """
    rows = [
        (model, epoch, value)
        for model, training in trainings.items()
        for epoch, value in enumerate(training.history[column], 1)
    ]
    return dict(zip(("model", "epoch", column), map(list, zip(*rows, strict=True)), strict=True))


def repeats_where(trainings: dict[str, TrainingResult]) -> str:
    """Return the sentence on where which results repeat.

    >>> print(repeats_where({"unet": TrainingResult(60, "AMD EPYC, AVX512", "bf16-mixed", {})}))
    Data and thresholds repeat everywhere to the byte; trained models and their scores repeat where
    device and number format are the same (here AMD EPYC, AVX512 in bf16-mixed).
    """
    places = dict.fromkeys(f"{own.device} in {own.number_format}" for own in trainings.values())
    return (
        "Data and thresholds repeat everywhere to the byte; trained models and their scores repeat where\n"
        f"device and number format are the same (here {', '.join(places)})."
    )
