"""What every head may set, and what a model has to know of a head before it is built."""

from typing import Any, ClassVar

from monolayer.parameters import Settings, validate
from monolayer.plugins import load_plugin


class HeadSettings(Settings):
    """Settings that every head shares: none; a head's own class adds to them."""

    for_detectors: ClassVar[bool] = False
    """It is for models that find each cell for itself, not for nets with outputs for each pixel."""
    resizable: ClassVar[bool] = True
    """Outputs for a resized image, resized back, mean the same; directions and distances would not."""
    learns_from_partial_truth: ClassVar[bool] = False
    """Pixels with a negative label are not learned, so that frames which nobody annotated may be shown."""


def read_head(values: dict[str, Any], key: str = "head") -> HeadSettings:
    """Validate what ``{method: <folder of monolayer/heads>, ...}`` says.

    Raises
    ------
    InputError
        There is no such head, or it has no such setting; `key` says where the values stand.
    """
    module = load_plugin("monolayer.heads", values.get("method", ""), f"{key}.method", "settings")
    own = {name: value for name, value in values.items() if name != "method"}
    settings: HeadSettings = validate(own, key, module.Settings)
    return settings
