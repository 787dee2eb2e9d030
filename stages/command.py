"""A stage's command line: one ``--flag`` for each argument of its function."""

import argparse
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from monolayer.errors import InputError, shortage


def run(stage: Callable[..., None]) -> None:
    """Call `stage` with what the command line gives; wrong input or a full disk ends it with a message alone.

    Paths are made absolute, as they have to mean the same in the worker processes, wherever these run. They
    must differ from each other.
    """
    parser = argparse.ArgumentParser(description=inspect.getdoc(stage))
    for name, parameter in inspect.signature(stage).parameters.items():
        convert = _absolute if parameter.annotation is Path else parameter.annotation
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, type=convert, required=True)
    arguments = vars(parser.parse_args())
    try:
        _require_different_paths(arguments)
        stage(**arguments)
    except InputError as error:
        sys.exit(f"{stage.__name__}: {error}")
    except (OSError, RuntimeError) as error:
        if (fault := shortage(error)) is None:
            raise
        place = getattr(error, "filename", None) or "the working folder"
        sys.exit(f"{stage.__name__}: {fault} ({place}): make room and run the stage again")


def _require_different_paths(arguments: dict[str, object]) -> None:
    # What a stage writes would replace what it reads.
    flags: dict[Path, str] = {}
    for name, value in arguments.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, Path) and flags.setdefault(value, flag) != flag:
            raise InputError(f"{flags[value]} and {flag} are both {value}: give each a path of its own")


def _absolute(text: str) -> Path:
    return Path(text).resolve()
