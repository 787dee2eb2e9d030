"""Training processes on this machine, started together and stopped together."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from torch import distributed
from torch.distributed.elastic.utils.distributed import get_free_port

from monolayer.errors import InputError

GO_ON = "`dvc repro` goes on from the last checkpoint"


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
    port = str(get_free_port())
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(count)}
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe(duplex=False) for _ in range(count)]
    workers = [
        context.Process(target=_work, args=(function, arguments, {**place, "LOCAL_RANK": str(rank)}, sender))
        for rank, (_, sender) in enumerate(pipes)
    ]
    try:
        for worker in workers:
            worker.start()
        _watch(workers, [receiver for receiver, _ in pipes])
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.kill()
                worker.join()


def _work(
    function: Callable[..., None], arguments: dict[str, Any], place: dict[str, str], errors: Connection
) -> None:
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.environ.update(place)
    try:
        function(**arguments)
    except (InputError, OSError) as error:
        errors.send(error)
        sys.exit(1)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _watch(workers: list[SpawnProcess], errors: list[Connection]) -> None:
    running = set(range(len(workers)))
    while running:
        ended = wait([workers[rank].sentinel for rank in running])
        for rank in [rank for rank in running if workers[rank].sentinel in ended]:
            running.remove(rank)
            workers[rank].join()
            if workers[rank].exitcode:
                raise _cause(rank, workers, errors[rank])


def _cause(rank: int, workers: list[SpawnProcess], errors: Connection) -> Exception:
    if errors.poll():
        return errors.recv()
    code = workers[rank].exitcode or 0
    end = f"was killed by {signal.Signals(-code).name}" if code < 0 else "ended with the error above"
    return InputError(
        f"training process {rank + 1} of {len(workers)} {end}, and the others were stopped: {GO_ON}. "
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
