"""What every entry under ``datasets:`` has, and how the chosen one is read."""

from types import ModuleType
from typing import Any

from monolayer.errors import InputError
from monolayer.parameters import Settings, lookup, validate
from monolayer.plugins import load_plugin


class DatasetSettings(Settings):
    """Settings that every source of images shares; a source's own class adds to them."""

    source: str
    """The module of monolayer/datasets that brings the data."""


def selected_dataset(parameters: dict[str, Any]) -> tuple[ModuleType, DatasetSettings]:
    """Return the source's module and the validated settings of the entry that ``dataset:`` selects."""
    return read_dataset(parameters, lookup(parameters, "dataset"))


def read_dataset(parameters: dict[str, Any], name: str) -> tuple[ModuleType, DatasetSettings]:
    """Return the source's module and the validated settings of one entry under ``datasets:``."""
    key = f"datasets.{name}"
    values = lookup(parameters, key)
    _require_no_size(values, key)
    source = load_plugin("monolayer.datasets", lookup(parameters, f"{key}.source"), f"{key}.source")
    return source, validate(values, key, source.Settings)


def _require_no_size(values: object, key: str) -> None:
    # It stood here once, and every other size fetched the data anew.
    moved = [name for name in ("fraction", "images_per_split") if isinstance(values, dict) and name in values]
    if moved:
        raise InputError(
            f"params.yaml: {key}.{moved[0]}: the subset is now chosen by sample.{moved[0]}, for any data "
            "set: set that, and remove this line"
        )
