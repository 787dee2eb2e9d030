"""The file name is the key: ``models/vnet.py`` is what ``vnet`` in params.yaml means."""

import importlib
import pkgutil
from types import ModuleType

from monolayer.errors import InputError


def load_plugin(package: str, name: str, key: str) -> ModuleType:
    """Import the module of a package that a parameter names.

    Parameters
    ----------
    package
        Such as ``monolayer.datasets``. Modules without a ``Settings`` class are no plugins and start
        with an underscore.
    name
        The parameter's value.
    key
        Where the parameter stands, for the error.

    Raises
    ------
    InputError
        The package has no such module; the message lists those it has.
    """
    folder = importlib.import_module(package).__path__
    known = sorted(module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith("_"))
    if name not in known:
        raise InputError(f"params.yaml: {key}: {name!r} is unknown; valid: {', '.join(known)}")
    return importlib.import_module(f"{package}.{name}")
