"""Downloads from a real server that misbehaves in every way that servers do."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from file_server import Answer, FileServer
from served import BODY, DIGEST

from monolayer.download import disk, http
from monolayer.download.fetch import fetch, inspect
from monolayer.errors import InputError


def test_fetches_and_records(file_server: FileServer, url: str, tmp_path: Path) -> None:
    fetched = fetch(url, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert (fetched.source, fetched.bytes, fetched.sha256) == (url, len(BODY), DIGEST)
    assert fetched.path.name.endswith("-file.bin")
    assert len(list(tmp_path.iterdir())) == 2  # the file and its note


def test_files_of_one_name_from_two_urls_are_kept_apart(
    file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.files["/other/file.bin"] = b"other"
    assert fetch(url, tmp_path).path != fetch(f"{file_server.url}/other/file.bin", tmp_path).path


def test_goes_on_where_the_connection_dropped(file_server: FileServer, url: str, tmp_path: Path) -> None:
    file_server.script = [Answer(drop_after=400_000)]
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    start = int(file_server.requests[1][1].removeprefix("bytes=").removesuffix("-"))
    assert 300_000 < start <= 400_000  # a piece on its way when the connection drops may be lost
    assert [asked for _, asked in file_server.requests] == [None, f"bytes={start}-"]


def test_drops_that_bring_the_file_further_are_not_counted(
    file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.script = [Answer(drop_after=70_000) for _ in range(http.RETRIES + 3)]
    assert fetch(url, tmp_path).path.read_bytes() == BODY


@pytest.mark.parametrize("answer", [Answer(ranges=False), Answer(status=416)])
def test_a_server_that_ignores_or_refuses_ranges_is_asked_for_all(
    answer: Answer, file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.script = [Answer(drop_after=400_000), answer]
    assert fetch(url, tmp_path).path.read_bytes() == BODY


def test_without_etag_or_date_starts_anew(file_server: FileServer, url: str, tmp_path: Path) -> None:
    file_server.etags = False
    file_server.script = [Answer(drop_after=400_000)]
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert [asked for _, asked in file_server.requests] == [None, None]


def test_without_content_length_takes_what_comes(file_server: FileServer, url: str, tmp_path: Path) -> None:
    file_server.script = [Answer(length=False)]
    assert fetch(url, tmp_path).sha256 == DIGEST


@pytest.mark.parametrize("heeds_if_range", [True, False])
def test_a_file_that_changed_meanwhile_is_not_spliced(
    heeds_if_range: bool, file_server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "RETRIES", 0)
    file_server.script = [Answer(drop_after=400_000)]
    with pytest.raises(InputError, match="could not be fetched"):
        fetch(url, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(http, "BACK_OFF_S", 0)
    changed = bytes(reversed(BODY))
    file_server.files["/data/file.bin"] = changed
    file_server.script = [Answer(if_range=heeds_if_range)]
    assert fetch(url, tmp_path).path.read_bytes() == changed


def test_a_piece_from_the_wrong_place_is_refused(file_server: FileServer, url: str, tmp_path: Path) -> None:
    file_server.script = [Answer(drop_after=400_000), Answer(shift=5)]
    assert fetch(url, tmp_path).path.read_bytes() == BODY


@pytest.mark.parametrize("status", [503, 500, 429, 408])
def test_a_server_that_is_busy_is_asked_again(
    status: int, file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.script = [Answer(status=status), Answer(status=status)]
    assert fetch(url, tmp_path).path.read_bytes() == BODY


def test_back_off_doubles(
    file_server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(http, "BACK_OFF_S", 1.0)
    monkeypatch.setattr(http.time, "sleep", pauses.append)
    file_server.script = [Answer(status=503) for _ in range(3)]
    fetch(url, tmp_path)
    assert [pause for pause in pauses if pause >= 1] == [1, 2, 4]


def test_missing_file_is_said_at_once(file_server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"/nothing\.zip: the server answered 404 Not Found\. Correct"):
        fetch(f"{file_server.url}/nothing.zip", tmp_path)
    assert len(file_server.requests) == 1


def test_fewer_bytes_than_announced_are_kept_and_never_taken_for_the_file(
    file_server: FileServer, url: str, tmp_path: Path
) -> None:
    file_server.script = [Answer(drop_after=300_000)] + [Answer(drop_after=0) for _ in range(20)]
    with pytest.raises(InputError, match=r"7 attempts in a row .* goes on from the .* bytes that are here"):
        fetch(url, tmp_path)
    (part,) = tmp_path.glob("*.part")
    kept = part.read_bytes()
    assert kept
    assert BODY.startswith(kept)
    file_server.script = []
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert file_server.requests[-1][1] == f"bytes={len(kept)}-"


def test_no_server(file_server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be fetched, 7 attempts"):
        fetch("http://127.0.0.1:9/file.bin", tmp_path)


def test_wrong_digest_is_refused_and_removed(file_server: FileServer, url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"SHA-256 {DIGEST}, but 00ff was expected. It was removed"):
        fetch(url, tmp_path, sha256="00ff")
    assert list(tmp_path.iterdir()) == []


def test_wrong_digest_of_a_local_file_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(BODY)
    assert inspect(path, DIGEST).bytes == len(BODY)
    with pytest.raises(InputError, match="00ff was expected"):
        inspect(path, "00ff")
    assert path.exists()


def test_no_room_is_said_before_the_first_byte(
    file_server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = disk.shutil.disk_usage(tmp_path)._replace(free=999_999)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"needs 1,000,000 bytes, but .* has 999,999 bytes free"):
        fetch(url, tmp_path)
    assert not list(tmp_path.glob("*.bin"))


class Filling(io.FileIO):
    """A file on a disk that takes 300,000 bytes more."""

    number = errno.ENOSPC

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 300_000:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(data)


@pytest.mark.parametrize(
    ("number", "fault"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk quota is used up")]
)
def test_a_disk_that_fills_up_keeps_what_has_come(
    number: int,
    fault: str,
    file_server: FileServer,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Filling, "number", number)
        patched.setattr(Path, "open", lambda path, mode="r": (Filling if mode == "ab" else open)(path, mode))
        with pytest.raises(
            InputError, match=rf"Fetching http.*: the {fault} \(.*\): make room .*: it goes on"
        ):
            fetch(url, tmp_path)
    (part,) = tmp_path.glob("*.part")
    kept = part.read_bytes()
    assert 200_000 < len(kept) <= 300_000
    assert BODY.startswith(kept)
    assert fetch(url, tmp_path).sha256 == DIGEST
    assert file_server.requests[-1][1] == f"bytes={len(kept)}-"


@pytest.mark.parametrize(
    "wrong", ["https://", "https:///file.zip", "http://:80/file.zip", "ftp://host/file.zip", "file.zip"]
)
def test_what_is_no_url_is_said_at_once(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no URL that can be asked for a file"):
        fetch(wrong, tmp_path)


def test_a_long_name(file_server: FileServer, tmp_path: Path) -> None:
    name = f"/{'long' * 100}.zip"
    file_server.files[name] = BODY
    fetched = fetch(file_server.url + name, tmp_path)
    assert fetched.sha256 == DIGEST
    assert fetched.path.name.endswith("long.zip")


def test_a_length_that_is_none(
    file_server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_server.script = [Answer(length=False, headers={"Content-Length": "unknown"})]
    assert fetch(url, tmp_path).sha256 == DIGEST


FETCH = """
import sys
from pathlib import Path
from monolayer.download.fetch import fetch
fetch(sys.argv[1], Path(sys.argv[2]))
"""


def test_a_killed_process_is_resumed(file_server: FileServer, url: str, tmp_path: Path) -> None:
    file_server.script = [Answer(bytes_per_second=1_500_000)]
    process = subprocess.Popen([sys.executable, "-c", FETCH, url, str(tmp_path)])
    while not any(part.stat().st_size > 200_000 for part in tmp_path.glob("*.part")):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (part,) = tmp_path.glob("*.part")
    kept = part.stat().st_size
    assert 200_000 < kept < len(BODY)
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert file_server.requests[1:] == [("/data/file.bin", f"bytes={kept}-")]


def test_killed_after_the_last_byte_needs_no_server(
    file_server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monolayer.download.fetch._finish", lambda *_: pytest.fail("stopped here"))
    with pytest.raises(pytest.fail.Exception):
        fetch(url, tmp_path)
    monkeypatch.undo()
    assert fetch(url, tmp_path).path.read_bytes() == BODY
    assert len(file_server.requests) == 1
