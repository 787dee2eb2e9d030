"""A server with a file."""

import pytest
from file_server import FileServer
from served import BODY


@pytest.fixture
def url(file_server: FileServer) -> str:
    file_server.files["/data/file.bin"] = BODY
    return f"{file_server.url}/data/file.bin"
