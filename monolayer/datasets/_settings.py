"""What every entry under ``datasets:`` has, and how the chosen one is read."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import field_validator

from monolayer.download.disk import require_apart
from monolayer.errors import InputError
from monolayer.parameters import Settings, lookup, validate
from monolayer.plugins import load_plugin

LOCATIONS = ("base_url", "data", "images", "labels", "annotations", "table")
"""What the sources call the settings that name a folder, a file or a URL."""


class DatasetSettings(Settings):
    """Settings that every source of images shares; a source's own class adds to them."""

    source: str
    """The module of monolayer/datasets that brings the data."""

    @field_validator(*LOCATIONS, mode="before", check_fields=False)
    @classmethod
    def _not_empty(cls, value: object) -> object:
        # An empty path is the working folder, with all that the pipeline has in it.
        if any(isinstance(place, str) and not place.strip() for place in _each(value)):
            raise ValueError("names nothing: give a folder, a file or a URL")
        return value


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


def require_outside(settings: DatasetSettings, folder: Path, key: str) -> None:
    """Make sure that a folder which is emptied holds none of a user's data, and that they do not hold it.

    Parameters
    ----------
    settings
        Of the data set that is brought.
    folder
        What the pipeline makes anew.
    key
        Where the settings stand; begins the error.

    Raises
    ------
    InputError
        One of the locations on this machine is the folder, holds it or lies in it.
    """
    for name in LOCATIONS:
        for place in _each(getattr(settings, name, None)):
            if isinstance(place, str) and (path := _on_this_machine(place)) is not None:
                try:
                    require_apart(path, folder)
                except InputError as error:
                    raise InputError(f"{key}.{name}: {error}") from None


def _each(value: object) -> Iterator[object]:
    yield from value.values() if isinstance(value, dict) else [value]


def _on_this_machine(place: str) -> Path | None:
    url = urlsplit(place)
    if url.scheme in ("http", "https"):
        return None
    return Path(url2pathname(url.path) if url.scheme == "file" else place)


def _require_no_size(values: object, key: str) -> None:
    # It stood here once, and every other size fetched the data anew.
    moved = [name for name in ("fraction", "images_per_split") if isinstance(values, dict) and name in values]
    if moved:
        raise InputError(
            f"params.yaml: {key}.{moved[0]}: the subset is now chosen by sample.{moved[0]}, for any data "
            "set: set that, and remove this line"
        )
