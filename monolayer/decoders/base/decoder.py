"""From what a model says of each pixel to cells: by the decoder of its head, with tuned settings."""

import json
from pathlib import Path
from types import ModuleType

from monolayer.errors import InputError
from monolayer.parameters import Settings
from monolayer.plugins import load_plugin


def load_decoder(name: str) -> ModuleType:
    """Return the folder of monolayer/decoders of this name: ``Settings`` and ``decode(maps, settings)``."""
    return load_plugin("monolayer.decoders", name, "decoder", "decoder")


def read_tuned(path: Path, decoder: ModuleType) -> Settings:
    """Return the settings of a decoder that `write_tuned` wrote.

    Raises
    ------
    InputError
        The file is missing, or holds other settings than those of the decoder.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["settings"]
        settings: Settings = decoder.Settings.model_validate(values)
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the tune stage of the model") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not hold the decoder's settings ({error}): tune again") from None
    return settings
