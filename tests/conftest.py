"""Fixtures that several folders of tests use."""

import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, by the first import of NumPy or torch

import pytest
from distributed import LocalCluster
from file_server import FileServer, serve_files

from monolayer.compute.settings import ComputeSettings
from monolayer.download import http


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """An HTTP server on 127.0.0.1, retried without a pause."""
    monkeypatch.setattr(http, "BACK_OFF_S", 0)
    with serve_files() as server:
        yield server


@pytest.fixture(scope="module")
def cluster() -> Iterator[ComputeSettings]:
    """A Dask cluster of two worker processes on 127.0.0.1; ends with the module, as idle ones cost CPU."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as dask:
        yield ComputeSettings(scheduler=dask.scheduler_address)
