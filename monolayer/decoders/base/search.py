"""The values of a decoder's settings that params.yaml has tried."""

from typing import Any

from monolayer.parameters import Settings, validate
from monolayer.plugins import load_plugin


def load_decoder_settings(name: str) -> type[Settings]:
    """Return the settings of the decoder of this name, a folder of monolayer/decoders."""
    settings: type[Settings] = load_plugin("monolayer.decoders", name, "decoder", "settings").Settings
    return settings


def read_search(values: dict[str, Any], decoder: type[Settings], key: str) -> dict[str, list[Any]]:
    """Return the values to try for each setting; one that is no list is a list of one.

    Parameters
    ----------
    values
        What stands in params.yaml. The search starts from the first value of each list.
    decoder
        The decoder's own settings.
    key
        Where the values stand.

    Raises
    ------
    InputError
        A setting is unknown, or one of its values is not valid.
    """
    lists = {name: value if isinstance(value, list) and value else [value] for name, value in values.items()}
    first = validate({name: tried[0] for name, tried in lists.items()}, key, decoder).model_dump()
    search = {name: [value] for name, value in first.items()}
    for name, tried in lists.items():
        for value in tried[1:]:
            settings = validate({**first, name: value}, key, decoder)
            search[name].append(getattr(settings, name))
    return search
