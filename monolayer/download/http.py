"""One file over HTTP, resumed after any interruption and retried.

While it comes in, the file is accompanied by a note, ``<file>.json``, of which version it is and how long it
will be: the rest is only asked for where the server still has that version.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import requests
from tqdm import tqdm

from monolayer.download.disk import require_space
from monolayer.errors import InputError

RETRIES = 6
"""Attempts after the first one; those that bring the file further do not count."""
BACK_OFF_S = 1.0
"""Pause before the first retry in seconds; each further one is twice as long."""
TIMEOUT_S = 60.0
"""Silence after which a connection counts as dropped, in seconds."""

_CHUNK = 1 << 16
_BUSY = (408, 429)  # with all of 5xx, the answers that may be another one later
_NO_URL = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


Note = TypeVar("Note", bound=msgspec.Struct)


class _Version(msgspec.Struct):
    validator: str = ""
    """The server's ETag, or its date of last modification."""
    total: int | None = None
    """Bytes of the whole file, where the server says it."""


class _TransferError(Exception):
    """An attempt failed in a way that a further one may mend."""


def receive(url: str, part: Path) -> None:
    """Bring the whole file to `part`, going on from the bytes that an earlier run left there.

    Raises
    ------
    InputError
        It is no URL, the server refuses (such as 404) or still fails after `RETRIES`, or the disk has no
        room. What has come in so far is kept.
    """
    failures, reached = 0, _size(part)
    while True:
        try:
            return _attempt(url, part)
        except _NO_URL as error:
            raise InputError(f"{url} is no URL that can be asked for a file ({error}): correct it") from None
        except (_TransferError, requests.RequestException) as error:
            if _size(part) > reached:
                failures, reached = 0, _size(part)
            failures += 1
            if failures > RETRIES:
                raise InputError(
                    f"{url} could not be fetched, {failures} attempts in a row ({error}). Check the network "
                    f"and run the stage again: it goes on from the {_size(part):,} bytes that are here"
                ) from None
        time.sleep(BACK_OFF_S * 2 ** (failures - 1))


def note_beside(path: Path) -> Path:
    """Return where the note on a file lies."""
    return path.with_name(path.name + ".json")


def read_note(path: Path, kind: type[Note]) -> Note | None:
    """Return the note on a file, or None where there is none or it is damaged.

    A lost power supply leaves notes cut short, empty or full of zeros: what they are on is then fetched anew.
    """
    try:
        return msgspec.json.decode(note_beside(path).read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_note(path: Path, note: msgspec.Struct) -> None:
    """Write the note on a file, whole or not at all."""
    partial = path.with_name(path.name + ".json.part")
    partial.write_bytes(msgspec.json.encode(note))
    partial.replace(note_beside(path))


def _attempt(url: str, part: Path) -> None:
    version, have = _resumable(part)
    if have and have == version.total:
        return
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version.validator}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        _require_success(answer, part)
        if answer.status_code == 206:
            _require_continuation(answer, have, version, part)
        else:
            version, have = _begin(answer, part), 0
        _append(answer, part, have, version)


def _resumable(part: Path) -> tuple[_Version, int]:
    # Without a validator the server could not tell us that the file has changed: start from nothing.
    version = read_note(part, _Version) or _Version()
    have = _size(part)
    usable = version.validator and (version.total is None or have <= version.total)
    return version, have if usable else 0


def _require_success(answer: requests.Response, part: Path) -> None:
    status = f"{answer.status_code} {answer.reason}"
    if answer.status_code == 416:
        part.unlink(missing_ok=True)
    if answer.status_code >= 500 or answer.status_code in (416, *_BUSY):
        raise _TransferError(f"the server answered {status}")
    if answer.status_code not in (200, 206):
        raise InputError(f"{answer.url}: the server answered {status}. Correct the URL or use another mirror")


def _require_continuation(answer: requests.Response, have: int, version: _Version, part: Path) -> None:
    continues = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    if not continues or _validator(answer.headers) not in ("", version.validator):
        part.unlink(missing_ok=True)
        raise _TransferError("the server sent a piece that does not continue ours")


def _begin(answer: requests.Response, part: Path) -> _Version:
    # The old bytes go before the new version is noted: a kill in between must not mix two versions.
    part.unlink(missing_ok=True)
    length = answer.headers.get("Content-Length")
    version = _Version(_validator(answer.headers), int(length) if length and length.isdigit() else None)
    write_note(part, version)
    return version


def _append(answer: requests.Response, part: Path, have: int, version: _Version) -> None:
    require_space(part.parent, (version.total or have) - have, f"Fetching {answer.url}")
    with (
        part.open("ab") as file,
        tqdm(
            total=version.total, initial=have, unit="B", unit_scale=True, desc=part.stem, disable=None
        ) as bar,
    ):
        for chunk in answer.iter_content(_CHUNK):
            bar.update(file.write(chunk))
    if version.total is not None and _size(part) != version.total:
        raise _TransferError(f"{_size(part):,} bytes came of {version.total:,}")


def _validator(headers: Mapping[str, str]) -> str:
    # If-Range takes no weak ETag.
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
