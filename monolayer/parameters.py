"""params.yaml, read through typed and closed models."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monolayer.errors import InputError

SECTIONS = (
    "dataset",
    "datasets",
    "sample",
    "deduplicate",
    "masks",
    "explore",
    "baseline",
    "seed",
    "train",
    "models",
    "predict",
    "decode",
    "tune",
    "evaluate",
    "compare",
    "compute",
)


class Settings(BaseModel):
    """Base of every section's model: unknown keys and wrong types are errors, values are final."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _number(value: object) -> object:
    # PyYAML reads 2e-2 as a string, where DVC sees a number.
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Number = Annotated[float, BeforeValidator(_number)]
"""A float in any spelling that YAML writers use: 0.02, 2e-2, 2.0e-2."""

SettingsType = TypeVar("SettingsType", bound=Settings)


def read_parameters(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """Read params.yaml whole, unvalidated but for the names of its sections.

    Raises
    ------
    InputError
        The file is missing, is not YAML, or has a section that Monolayer does not know.
    """
    try:
        parameters = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage from the folder that holds it") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(parameters, dict):
        raise InputError(f"{path} must be a mapping of sections, such as {', '.join(SECTIONS)}")
    unknown = [key for key in parameters if key not in SECTIONS]
    if unknown:
        raise InputError(f"{path}: unknown section {unknown[0]!r}; valid sections: {', '.join(SECTIONS)}")
    return parameters


def section(parameters: dict[str, Any], key: str, model: type[SettingsType]) -> SettingsType:
    """Validate one part of the parameters.

    Parameters
    ----------
    parameters
        As `read_parameters` returns them.
    key
        Where the part is, with dots: ``train`` or ``models.vnet``.
    model
        What it must look like.

    Raises
    ------
    InputError
        The part is missing, has an unknown key, lacks one, or holds a value of the wrong type.
    """
    return validate(lookup(parameters, key), key, model)


def lookup(parameters: dict[str, Any], key: str) -> Any:
    """Return what stands at a dotted key, or raise an InputError that lists the keys beside it."""
    value: Any = parameters
    names = key.split(".")
    for depth, name in enumerate(names):
        if not isinstance(value, dict) or name not in value:
            parent = ".".join(names[:depth]) or "params.yaml"
            known = ", ".join(map(str, value)) if isinstance(value, dict) else repr(value)
            raise InputError(f"params.yaml: no {name!r} in {parent}; it has: {known}")
        value = value[name]
    return value


def validate(values: object, key: str, model: type[SettingsType]) -> SettingsType:
    """Build `model` from a mapping; `key` says in an error where the mapping stands."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(_explain(error, key, model)) from None


def _explain(error: ValidationError, key: str, model: type[BaseModel]) -> str:
    places = [".".join([key, *map(str, problem["loc"])]) for problem in error.errors()]
    faults = [_fault(problem, model) for problem in error.errors()]
    return "\n".join(f"params.yaml: {place}: {fault}" for place, fault in zip(places, faults, strict=True))


def _fault(problem: Any, model: type[BaseModel]) -> str:
    faults = {"extra_forbidden": "unknown key", "missing": "missing key"}
    if problem["type"] not in faults:
        return f"{problem['msg']}, got {problem['input']!r}"
    owner: Any = model  # settings within settings have keys of their own
    for name in problem["loc"][:-1]:
        owner = owner.model_fields[name].annotation
    return f"{faults[problem['type']]}; valid keys: {', '.join(owner.model_fields)}"
