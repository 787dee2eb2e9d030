"""A stage's command line: one ``--flag`` for each argument of its function."""

import argparse
import errno
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from monolayer.errors import InputError


def run(stage: Callable[..., None]) -> None:
    """Call `stage` with what the command line gives; wrong input or a full disk ends it with a message alone.

    Paths are made absolute: they have to mean the same in the worker processes, wherever these run.
    """
    parser = argparse.ArgumentParser(description=inspect.getdoc(stage))
    for name, parameter in inspect.signature(stage).parameters.items():
        convert = _absolute if parameter.annotation is Path else parameter.annotation
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, type=convert, required=True)
    try:
        stage(**vars(parser.parse_args()))
    except InputError as error:
        sys.exit(f"{stage.__name__}: {error}")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        place = error.filename or "the working folder"
        sys.exit(f"{stage.__name__}: the disk is full ({place}): make room and run the stage again")


def _absolute(text: str) -> Path:
    return Path(text).resolve()
