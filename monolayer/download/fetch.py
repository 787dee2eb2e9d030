"""Files from a server, fetched once, checked, and found again by the next run."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from monolayer.download.disk import shortage_told
from monolayer.download.http import note_beside, read_note, receive, write_note
from monolayer.errors import InputError

_REMEDY = (
    "run the stage again to fetch it anew, or give this digest as `sha256` if the file was changed on purpose"
)


class Fetched(msgspec.Struct, frozen=True):
    """A complete file at hand."""

    path: Path
    source: str
    """Its URL, or its path on this machine."""
    bytes: int
    sha256: str


class _Record(msgspec.Struct):
    # The note beside a finished file. It stays where the file was lost or damaged, and tells what it was.
    url: str
    bytes: int
    sha256: str


def fetch(url: str, folder: Path, sha256: str | None = None) -> Fetched:
    """Download a file, or find it downloaded.

    Parameters
    ----------
    url
        ``http://`` or ``https://``.
    folder
        Where files wait, unfinished and finished, each under a name made from its URL. It may be deleted
        at any time.
    sha256
        The file's known digest in hexadecimal. Without it, the file must be the one that an earlier fetch
        from this URL left a note of, if there was one.

    Raises
    ------
    InputError
        As `monolayer.download.http.receive`; or the file has another digest, and was removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _file_name(url)
    kept = ": it goes on from the bytes that are here"
    with shortage_told(f"Fetching {url}", folder, kept):
        fetched = _finished(path) or _fetch_anew(url, path, sha256)
    try:
        return _checked(fetched, sha256)
    except InputError as error:
        discard(fetched)
        raise InputError(f"{error}. It was removed: {_REMEDY}") from None


def inspect(path: Path, sha256: str | None = None) -> Fetched:
    """Describe a file at hand as `fetch` describes a fetched one.

    Raises
    ------
    InputError
        The file has another SHA-256 than the one given.
    """
    return _checked(Fetched(path, str(path), path.stat().st_size, _sha256(path)), sha256)


def discard(fetched: Fetched) -> None:
    """Remove a fetched file that turned out to be unusable, so that the next run fetches it anew."""
    fetched.path.unlink(missing_ok=True)
    note_beside(fetched.path).unlink(missing_ok=True)


@contextmanager
def discarded_on(fault: type[InputError], file: Fetched) -> Iterator[None]:
    """Remove a file that `fetch` brought where its use raises `fault`, and say so in the error.

    A damaged download must not be found again by the next run; the user's own files stay.
    """
    try:
        yield
    except fault as error:
        if file.source == str(file.path):
            raise
        discard(file)
        raise InputError(f"{error}. The copy of {file.source} was removed: run the stage again") from None


def _file_name(url: str) -> str:
    # A file system takes names of 255 bytes, notes and unfinished files add to them.
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{Path(urlsplit(url).path).name[-50:]}"


def _finished(path: Path) -> Fetched | None:
    record = read_note(path, _Record)
    if record is None or not path.exists():
        return None
    # The digest is taken again: a full disk or a lost power supply may have damaged the file since.
    return Fetched(path, record.url, record.bytes, record.sha256) if _sha256(path) == record.sha256 else None


def _fetch_anew(url: str, path: Path, sha256: str | None) -> Fetched:
    part = path.with_name(path.name + ".part")
    receive(url, part)
    return _finish(url, part, path, sha256)


def _finish(url: str, part: Path, path: Path, sha256: str | None) -> Fetched:
    record = _Record(url, part.stat().st_size, _sha256(part))
    if sha256 is None:
        _require_unchanged(record, part, path)
    # The note comes first: a file without one would be fetched again after a kill between the two.
    write_note(path, record)
    part.replace(path)
    note_beside(part).unlink(missing_ok=True)
    return Fetched(path, url, record.bytes, record.sha256)


def _require_unchanged(record: _Record, part: Path, path: Path) -> None:
    earlier = read_note(path, _Record)
    if earlier is None or earlier.sha256 == record.sha256:
        return
    part.unlink()
    note_beside(part).unlink(missing_ok=True)
    raise InputError(
        f"{record.url} brought {record.bytes:,} bytes with SHA-256 {record.sha256}, but "
        f"{earlier.bytes:,} bytes with {earlier.sha256} when it was fetched before. It was removed: {_REMEDY}"
    )


def _checked(fetched: Fetched, sha256: str | None) -> Fetched:
    if sha256 is not None and fetched.sha256 != sha256.lower():
        raise InputError(f"{fetched.source} has SHA-256 {fetched.sha256}, but {sha256} was expected")
    return fetched


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
