"""What is remembered of a fetched file, and what a second fetch makes of it."""

import hashlib
from pathlib import Path

import pytest
from file_server import FileServer
from served import BODY, DIGEST

from monolayer.download.fetch import discard, discarded_on, fetch, inspect
from monolayer.download.http import note_beside
from monolayer.errors import InputError


def test_a_fetched_file_is_not_fetched_again(file_server: FileServer, url: str, tmp_path: Path) -> None:
    first = fetch(url, tmp_path)
    assert fetch(url, tmp_path, sha256=DIGEST.upper()) == first
    assert len(file_server.requests) == 1


@pytest.mark.parametrize("left", ["file", "note"])
def test_a_file_or_note_on_its_own_is_fetched_again(
    left: str, file_server: FileServer, url: str, tmp_path: Path
) -> None:
    path = fetch(url, tmp_path).path
    note = path.with_name(f"{path.name}.json")
    (note if left == "file" else path).unlink()
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert len(file_server.requests) == 2


def test_a_file_damaged_since_is_fetched_again(file_server: FileServer, url: str, tmp_path: Path) -> None:
    path = fetch(url, tmp_path).path
    path.write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))
    assert fetch(url, tmp_path).path.read_bytes() == BODY


def test_discarded_file_is_fetched_again(file_server: FileServer, url: str, tmp_path: Path) -> None:
    discard(fetch(url, tmp_path))
    assert fetch(url, tmp_path).sha256 == DIGEST
    assert len(file_server.requests) == 2


TORN = [
    b"",
    b"{",
    b'{"url": "http',
    bytes(300),
    b"\xff\xfe\x00",
    b"[]",
    b"7",
    b"null",
    b"{}",
    b'{"total": "many"}',
]
"""What a lost power supply, another program or a full disk leaves of a note."""


@pytest.mark.parametrize("note", [*TORN, b'{"url": 7, "bytes": "x", "sha256": null}'])
def test_a_torn_note_is_a_fresh_start(note: bytes, file_server: FileServer, url: str, tmp_path: Path) -> None:
    path = fetch(url, tmp_path).path
    note_beside(path).write_bytes(note)
    assert fetch(url, tmp_path).sha256 == DIGEST
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert len(file_server.requests) == 2


@pytest.mark.parametrize("part", [b"", BODY[:1000], b"other bytes", BODY + b"more"])
@pytest.mark.parametrize(
    "note", [None, *TORN, b'{"validator": "", "total": 10}', b'{"validator": "x", "total": -1}']
)
def test_a_torn_part_is_a_fresh_start(
    part: bytes, note: bytes | None, file_server: FileServer, url: str, tmp_path: Path
) -> None:
    path = fetch(url, tmp_path).path
    discard(fetch(url, tmp_path))
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(part)
    if note is not None:
        note_beside(unfinished).write_bytes(note)
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("lost", ["file", "part of the file"])
def test_a_url_that_brings_another_file_than_before_is_said(
    lost: str, file_server: FileServer, url: str, tmp_path: Path
) -> None:
    path = fetch(url, tmp_path).path
    path.unlink() if lost == "file" else path.write_bytes(BODY[:-1])
    file_server.files["/data/file.bin"] = changed = b"<html>Please log in</html>"
    digest = hashlib.sha256(changed).hexdigest()
    message = (
        f"brought 26 bytes with SHA-256 {digest}, but 1,000,000 bytes with {DIGEST} when it was fetched befo"
    )
    for _ in range(2):
        with pytest.raises(InputError, match=message):
            fetch(url, tmp_path)
    assert not list(tmp_path.glob("*.part"))
    file_server.files["/data/file.bin"] = BODY
    assert fetch(url, tmp_path).sha256 == DIGEST


def test_a_change_that_is_meant_is_taken_by_its_digest(
    file_server: FileServer, url: str, tmp_path: Path
) -> None:
    fetch(url, tmp_path).path.unlink()
    file_server.files["/data/file.bin"] = changed = b"the second edition"
    digest = hashlib.sha256(changed).hexdigest()
    assert fetch(url, tmp_path, sha256=digest).path.read_bytes() == changed
    assert fetch(url, tmp_path).sha256 == digest  # from now on it is the one
    assert len(file_server.requests) == 2


def test_a_file_that_could_not_be_used_is_no_measure_of_the_next(
    file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.files["/data/file.bin"] = BODY[:500]
    fetched = fetch(url, tmp_path)
    message = r"cut short\. The copy of .* was removed"
    with pytest.raises(InputError, match=message), discarded_on(InputError, fetched):
        raise InputError("cut short")
    file_server.files["/data/file.bin"] = BODY
    assert fetch(url, tmp_path).sha256 == DIGEST


def test_a_file_of_the_users_own_stays_wherever_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(BODY)
    with pytest.raises(InputError, match=r"^cut short$"), discarded_on(InputError, inspect(path)):
        raise InputError("cut short")
    assert path.exists()
