"""The values of a decoder's settings among which `params.yaml` has the best ones looked for."""

from typing import Any, NamedTuple

from monolayer.errors import InputError
from monolayer.parameters import Settings, validate
from monolayer.plugins import load_plugin


class Range(NamedTuple):
    """Any number from `low` to `high`, both included; whole numbers where the ends are `int`."""

    low: float
    high: float
    step: float | None = None
    """None for any number; else those that are so far apart, from `low` on."""


ENDS = ("low", "high")
Search = dict[str, Range | list[Any]]
"""By setting: a range, or a list of choices; of one choice where nothing is looked for."""


def load_decoder_settings(name: str) -> type[Settings]:
    """Return the settings of the decoder of this name, a folder of monolayer/decoders."""
    settings: type[Settings] = load_plugin("monolayer.decoders", name, "decoder", "settings").Settings
    return settings


def read_search(values: dict[str, Any], decoder: type[Settings], key: str) -> Search:
    """Return what may be tried of each setting.

    Parameters
    ----------
    values
        What stands in params.yaml: ``{low: 0.2, high: 0.8}`` for a range, with a ``step`` if it may not be
        any number; a list of choices; or one value.
    decoder
        The decoder's own settings.
    key
        Where the values stand.

    Raises
    ------
    InputError
        A setting is unknown, one of its values is not valid, or a range is none.

    Examples
    --------
    >>> from monolayer.decoders.boxes.settings import Settings
    >>> read_search({"overlap": {"low": 0.2, "high": 0.6}, "cell_area": [30, 60]}, Settings, "decode")
    {'overlap': Range(low=0.2, high=0.6, step=None), 'cell_area': [30, 60], 'score': [0.5]}
    """
    search: Search = {}
    for name, value in values.items():
        choices = [value[end] for end in ENDS if end in value] if isinstance(value, dict) else value
        choices = choices if isinstance(choices, list) and choices else [choices]
        valid = [getattr(validate({name: choice}, key, decoder), name) for choice in choices]
        search[name] = _range(value, valid, f"{key}.{name}") if isinstance(value, dict) else valid
    defaults = decoder().model_dump()
    return search | {name: [default] for name, default in defaults.items() if name not in search}


def _range(value: dict[str, Any], valid: list[Any], key: str) -> Range:
    unknown, step = set(value) - {*ENDS, "step"}, value.get("step")
    is_range = len(valid) == 2 and valid[0] < valid[1]
    if unknown or not is_range or not (step is None or 0 < step <= valid[1] - valid[0]):
        raise InputError(
            f"params.yaml: {key}: expected a value, a list of choices, or a range such as {{low: 0.2, high: "
            f"0.8}}, with a step if need be, found {value}"
        )
    low, high = valid
    return Range(low, high, step)


def first_settings(search: Search, decoder: type[Settings]) -> dict[str, Any]:
    """Return the settings that are tried first: the decoder's own, where they are among those looked for.

    Else the end of the range that is nearest, and the first choice.
    """
    defaults = decoder().model_dump()
    return {name: _nearest(tried, defaults[name]) for name, tried in search.items()}


def _nearest(tried: Range | list[Any], default: Any) -> Any:
    if isinstance(tried, Range):
        return min(max(default, tried.low), tried.high)
    return default if default in tried else tried[0]


def settings_at_an_end(chosen: dict[str, Any], search: Search, decoder: type[Settings]) -> list[str]:
    """Return the settings that were chosen at an end of their range, behind which there are valid values.

    An end is what is nearer than 2 % of the range. What lies behind it may be better still.
    """
    ranges = {name: tried for name, tried in search.items() if isinstance(tried, Range)}
    return [name for name, tried in ranges.items() if _is_at_an_end(name, chosen[name], tried, decoder)]


def _is_at_an_end(name: str, value: float, tried: Range, decoder: type[Settings]) -> bool:
    near = (tried.high - tried.low) / 50
    beyond = max(1, round(near)) if isinstance(tried.low, int) else near
    ends = ((tried.low, tried.low - beyond), (tried.high, tried.high + beyond))
    return any(abs(value - end) <= near and _is_valid(name, behind, decoder) for end, behind in ends)


def _is_valid(name: str, value: float, decoder: type[Settings]) -> bool:
    try:
        validate({name: value}, "", decoder)
    except InputError:
        return False
    return True
