"""What ablations.yaml declares, and the model entry that each of its runs trains."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from monolayer.errors import InputError
from monolayer.parameters import Settings, lookup

ABLATIONS = Path(__file__).with_name("ablations.yaml")


class Ablation(Settings):
    """Trainings that differ in one respect."""

    title: str
    """Of the plots."""
    recipe: dict[str, Any] = Field(default={})
    """What all runs share: ``model``, and keys of an entry under ``models:``."""
    runs: dict[str, dict[str, Any]] = Field(min_length=1)
    """By name, what each has of its own; it wins over the recipe."""


def read_ablations(path: Path = ABLATIONS) -> dict[str, Ablation]:
    """Read the ablations by their names.

    Raises
    ------
    InputError
        A key is unknown or missing.
    """
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return {name: Ablation.model_validate(values) for name, values in declared.items()}
    except ValidationError as error:
        raise InputError(f"{path.name}: valid keys: {', '.join(Ablation.model_fields)}; {error}") from None


def run_entry(ablation: Ablation, run: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the entry under ``models:`` that a run trains.

    Parameters
    ----------
    ablation, run
        The ablation and the name of one of its runs.
    parameters
        All of params.yaml.

    Raises
    ------
    InputError
        The run names no model, or one that params.yaml does not have.
    """
    choices = merged(ablation.recipe, ablation.runs[run])
    if "model" not in choices:
        known = ", ".join(parameters["models"])
        raise InputError(f"{ABLATIONS.name}: run {run!r} names no `model`; params.yaml has: {known}")
    return merged(lookup(parameters, f"models.{choices.pop('model')}"), choices)


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping with changes, mappings within it key by key.

    >>> merged({"lr": 1, "train": {"optimizer": "adam", "warm_up": 0}}, {"train": {"optimizer": "sgd"}})
    {'lr': 1, 'train': {'optimizer': 'sgd', 'warm_up': 0}}
    """
    result = dict(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if nested else value
    return result


def set_param_flags(key: str, values: dict[str, Any]) -> Iterator[str]:
    """Yield the flags with which ``dvc exp run`` adds a mapping to params.yaml.

    >>> list(set_param_flags("models.new", {"lr": 0.001, "train": {"optimizer": "sgd"}}))
    ['-S', '+models.new.lr=0.001', '-S', '+models.new.train.optimizer="sgd"']
    """
    for name, value in values.items():
        if isinstance(value, dict):
            yield from set_param_flags(f"{key}.{name}", value)
        else:
            yield from ("-S", f"+{key}.{name}={json.dumps(value)}")
