"""Work over many images: on joblib, whose backend is a parameter, or in threads."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import joblib

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_parallel(
    function: Callable[[Item], Result], items: Iterable[Item], compute: ComputeSettings
) -> list[Result]:
    """Call `function` on every item; results come back in the order of the items.

    Parameters
    ----------
    function
        Defined at the top of a module, or a `functools.partial` of such a one: it travels to other processes.
    items
        May be a generator: it is read as workers become free.
    compute
        Processes or cluster to use.

    Raises
    ------
    InputError
        There is no cluster at the scheduler's address.
    """
    calls = (joblib.delayed(function)(item) for item in items)
    with _backend(compute):
        return list(joblib.Parallel(n_jobs=_jobs(compute), batch_size="auto")(calls))


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], compute: ComputeSettings
) -> Iterator[Result]:
    """Call `function` on every item in threads of this process, while the next items are made.

    For what NumPy, SciPy and torch do mostly by themselves: threads start at once, and nothing is sent.
    joblib's return_as="generator" would read all items, in its own threads, while the caller is busy with a
    result.

    Parameters
    ----------
    function
        Called in several threads at a time.
    items
        Read by the caller's thread, one for each thread and no further ahead, as they may be large.
    compute
        Its `jobs` is the number of threads.

    Yields
    ------
    Result
        In the order of the items.
    """
    threads = joblib.effective_n_jobs(compute.jobs)
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _jobs(compute: ComputeSettings) -> int:
    return compute.jobs if compute.scheduler == "local" else -1


@contextmanager
def _backend(compute: ComputeSettings) -> Iterator[None]:
    if compute.scheduler == "local":
        with joblib.parallel_config(backend="loky"):
            yield
        return
    with _connect(compute.scheduler), joblib.parallel_config(backend="dask"):
        yield


def _connect(scheduler: str) -> "Client":
    from distributed import Client  # only a cluster's user waits for this import

    try:
        client = Client(scheduler)
        client.wait_for_workers(1, timeout=60)
    except (OSError, ValueError) as error:
        raise InputError(
            f"compute.scheduler: no Dask cluster at {scheduler} ({error}): start one, or set it to local"
        ) from None
    return client
