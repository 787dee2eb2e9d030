"""The file name is the key: ``models/vnet/`` is what ``vnet`` in params.yaml means."""

import importlib
import pkgutil
from types import ModuleType

from monolayer.errors import InputError

SHARED = "base"
"""Folder for what the plugins of a room share."""


def load_plugin(package: str, name: str, key: str, module: str = "") -> ModuleType:
    """Import the plugin of a package that a parameter names.

    Parameters
    ----------
    package
        Such as ``monolayer.datasets``. What starts with an underscore is no plugin, nor is `SHARED`.
    name
        The parameter's value.
    key
        Where the parameter stands, for the error.
    module
        Of a plugin that is a folder, the module to import: ``settings`` is light, what it builds may not be.

    Raises
    ------
    InputError
        The package has no such plugin; the message lists those it has.
    """
    folder = importlib.import_module(package).__path__
    names = (found.name for found in pkgutil.iter_modules(folder))
    known = sorted(found for found in names if found != SHARED and not found.startswith("_"))
    if name not in known:
        raise InputError(f"params.yaml: {key}: {name!r} is unknown; valid: {', '.join(known)}")
    return importlib.import_module(".".join(filter(None, (package, name, module))))
