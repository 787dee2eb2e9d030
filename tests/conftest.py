"""Fixtures that several folders of tests use."""

from collections.abc import Iterator

import pytest
from file_server import FileServer, serve_files

from monolayer import transfer


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """An HTTP server on 127.0.0.1, retried without a pause."""
    monkeypatch.setattr(transfer, "BACK_OFF_S", 0)
    with serve_files() as server:
        yield server
