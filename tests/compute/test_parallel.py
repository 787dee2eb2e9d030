"""Work over many images gives the same results wherever it runs."""

import os
import threading
from functools import partial

import dask
import numpy as np
import pytest

from monolayer.compute.parallel import map_in_threads, map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.parameters import validate

LOCAL = ComputeSettings(jobs=2)
NONE = ComputeSettings(jobs=1)


def blur(seed: int, passes: int = 3) -> bytes:
    image = np.random.default_rng(seed).random((32, 32))
    for _ in range(passes):
        image = (image + np.roll(image, 1, 0) + np.roll(image, 1, 1)) / 3
    return image.tobytes()


def process(_: int) -> int:
    return os.getpid()


def fail(number: int) -> int:
    if number == 3:
        raise InputError("image 3 is bad: fetch it again")
    return number


def test_results_come_in_the_order_of_the_items() -> None:
    assert map_parallel(abs, iter([-3, 1, -2]), LOCAL) == [3, 1, 2]


def test_no_items() -> None:
    assert map_parallel(abs, [], LOCAL) == []


def test_one_job_stays_in_our_own_process() -> None:
    assert set(map_parallel(process, range(3), NONE)) == {os.getpid()}


def test_several_jobs_leave_our_process() -> None:
    assert os.getpid() not in map_parallel(process, range(4), LOCAL)


def test_a_cluster_gives_the_same_bytes(cluster: ComputeSettings) -> None:
    calls = partial(blur, passes=5)
    assert map_parallel(calls, range(20), cluster) == [calls(seed) for seed in range(20)]
    assert map_parallel(calls, range(20), LOCAL) == [calls(seed) for seed in range(20)]


def test_a_cluster_works_in_its_own_processes(cluster: ComputeSettings) -> None:
    assert os.getpid() not in map_parallel(process, range(8), cluster)


def test_an_input_error_arrives_as_such(cluster: ComputeSettings) -> None:
    for compute in (NONE, LOCAL, cluster):
        with pytest.raises(InputError, match="image 3 is bad"):
            map_parallel(fail, range(5), compute)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere"])
def test_no_cluster_there(address: str) -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "500ms"}),
        pytest.raises(
            InputError, match=rf"compute\.scheduler: no Dask cluster at {address} \(.*set it to local"
        ),
    ):
        map_parallel(abs, [1], ComputeSettings(scheduler=address))


def test_unknown_key() -> None:
    with pytest.raises(InputError, match=r"compute\.job: unknown key; valid keys: jobs, scheduler, launcher"):
        validate({"job": 2}, "compute", ComputeSettings)


def test_threads_give_results_in_the_order_of_the_items() -> None:
    assert list(map_in_threads(abs, iter([-3, 1, -2, 0, -5]), LOCAL)) == [3, 1, 2, 0, 5]
    assert list(map_in_threads(abs, [], LOCAL)) == []


def test_threads_work_at_the_same_time_while_the_next_item_is_made() -> None:
    both = threading.Barrier(2, timeout=60)

    def meet(number: int) -> int:
        both.wait()
        return number

    assert list(map_in_threads(meet, range(4), LOCAL)) == [0, 1, 2, 3]


def test_items_are_read_no_further_ahead_than_there_are_threads() -> None:
    made: list[int] = []
    items = (made.append(number) or number for number in range(10))  # type: ignore[func-returns-value]
    results = map_in_threads(abs, items, LOCAL)
    assert next(results) == 0
    assert made == [0, 1, 2]


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    with pytest.raises(InputError, match="image 3 is bad"):
        list(map_in_threads(fail, range(10), LOCAL))
