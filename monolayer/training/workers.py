"""Training processes on this machine, started together and stopped together.

Torch's elastic_launch, on top of the same `torch.multiprocessing`, hands on an error as text alone, after a
log of its own on the screen, and tells the processes that torchrun started them.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import distributed
from torch.distributed.elastic.utils.distributed import get_free_port
from torch.multiprocessing.spawn import (
    ProcessException,
    ProcessExitedException,
    SpawnContext,
    spawn,
)

from monolayer.errors import InputError

GO_ON = "`dvc repro` goes on from the last checkpoint"
PATIENCE = 1.0
"""Seconds that the others get to end, and as many again, before they are killed."""


def run_workers(function: Callable[..., None], arguments: dict[str, Any], count: int) -> None:
    """Call a function in so many new processes, each of which knows its place; when one fails, end all.

    Parameters
    ----------
    function
        Defined at the top of a module: it travels to the processes.
    arguments
        What all of them are called with.
    count
        Number of processes.

    Raises
    ------
    InputError
        A process was killed, or ended with an error of its own, which it has printed.
    Exception
        An `InputError` or `OSError` of the function is raised here.
    """
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(get_free_port()), "WORLD_SIZE": str(count)}
    errors = multiprocessing.get_context("spawn").SimpleQueue()
    workers: SpawnContext = spawn(_work, (function, arguments, place, errors), count, join=False, daemon=True)
    try:
        while not workers.join(grace_period=PATIENCE):
            pass
    except ProcessException as end:
        raise _cause(end, count, errors) from None


def _work(
    rank: int, function: Callable[..., None], arguments: dict[str, Any], place: dict[str, str], errors: Any
) -> None:
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.environ.update(place, LOCAL_RANK=str(rank))
    try:
        function(**arguments)
    except (InputError, OSError) as error:
        errors.put((rank, error))
        sys.exit(1)


def _end_with_the_parent() -> None:
    # Torch sends SIGINT on Linux alone, where Lightning takes it for a wish to end gracefully.
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _cause(end: ProcessException, count: int, errors: Any) -> Exception:
    said: dict[int, Exception] = {}
    while not errors.empty():
        said |= dict([errors.get()])
    if end.error_index in said:  # the others may have noticed its end before they were stopped
        return said[end.error_index]
    how = "ended with the error above"
    if isinstance(end, ProcessExitedException) and end.signal_name:
        how = f"was killed by {end.signal_name}"
    else:
        print(end.msg, file=sys.stderr)
    return InputError(
        f"training process {end.error_index + 1} of {count} {how}, and the others were stopped: {GO_ON}. "
        "If the machine ran out of memory, lower compute.devices or the model's batch_size"
    )


@contextmanager
def others_may_end() -> Iterator[None]:
    """Turn a broken connection to the other processes into an `InputError` that says how to go on."""
    try:
        yield
    except RuntimeError as error:
        if not (isinstance(error, distributed.DistError) or "gloo" in str(error)):
            raise
        raise InputError(
            "another training process has ended, or does not answer any more "
            f"({str(error).splitlines()[0]}): see its messages for the cause; {GO_ON}"
        ) from None
