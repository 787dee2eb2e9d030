"""What every entry under ``datasets:`` has, and how the chosen one is read."""

from types import ModuleType
from typing import Any

from pydantic import Field

from monolayer.parameters import Number, Settings, lookup, validate
from monolayer.plugins import load_plugin


class DatasetSettings(Settings):
    """Settings that every source of images shares; a source's own class adds to them."""

    source: str
    """The module of monolayer/datasets that brings the data."""
    fraction: Number = Field(default=1.0, gt=0, le=1)
    """Fraction of each split's images that the sample stage keeps, by cell type."""
    images_per_split: int | None = Field(default=None, ge=1)
    """Number of images of each split to keep instead of a fraction."""


def selected_dataset(parameters: dict[str, Any]) -> tuple[ModuleType, DatasetSettings]:
    """Return the source's module and the validated settings of the entry that ``dataset:`` selects."""
    return read_dataset(parameters, lookup(parameters, "dataset"))


def read_dataset(parameters: dict[str, Any], name: str) -> tuple[ModuleType, DatasetSettings]:
    """Return the source's module and the validated settings of one entry under ``datasets:``."""
    key = f"datasets.{name}"
    values = lookup(parameters, key)
    source = load_plugin("monolayer.datasets", lookup(parameters, f"{key}.source"), f"{key}.source")
    return source, validate(values, key, source.Settings)
