"""Data that lie in a folder, in an archive, or in an archive on a server."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from monolayer.datasets._description import SourceFile
from monolayer.datasets._known_digests import known_sha256
from monolayer.download.archives import unzip
from monolayer.download.entries import UnusableArchiveError
from monolayer.download.fetch import Fetched, discarded_on, fetch, inspect
from monolayer.errors import InputError

_ON_SERVERS = ("http", "https")


@contextmanager
def opened(data: str, sha256: str | None, scratch: Path) -> Iterator[tuple[Path, list[SourceFile]]]:
    """Bring data into a folder for the length of the block.

    Parameters
    ----------
    data
        A folder, a zip archive, or the ``http(s)://`` URL of one.
    sha256
        The archive's known digest; of some archives on their official server it is known without it.
    scratch
        Keeps what comes from a server. Archives are unpacked here, and what was unpacked goes again.

    Yields
    ------
    tuple of (Path, list of SourceFile)
        The folder, and the archive that it came from.

    Raises
    ------
    InputError
        There are no such data, the URL names no file, a folder has a digest, an archive is damaged or has
        another digest, or the server or the disk fails.
    """
    if data.strip() and Path(data).is_dir():
        if sha256 is not None:
            raise InputError(f"sha256: it is of an archive, but {data} is a folder: remove it")
        yield Path(data), []
        return
    name = _file_name(data)
    archive = _archive(data, sha256, scratch)
    # The data set may be called after the archive, which may be called anything: it gets a folder around it.
    own = scratch / f"{hashlib.sha256(data.encode()).hexdigest()[:12]}-unpacked"
    shutil.rmtree(own, ignore_errors=True)
    try:
        with discarded_on(UnusableArchiveError, archive):
            unzip(archive.path, own / name.stem[:100])
        yield own / name.stem[:100], [SourceFile(name.name, archive.bytes, archive.sha256)]
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _file_name(data: str) -> Path:
    """Return the archive's name without folders, or raise an InputError where the URL or path has none."""
    url = urlsplit(data)
    name = Path(Path(url.path if url.scheme in _ON_SERVERS else data).name)
    if not name.stem.strip(". "):
        raise InputError(
            f"data: {data!r} names no file: give a folder, a zip archive, or the URL of one, http(s)://..."
        )
    return name


def _archive(data: str, sha256: str | None, scratch: Path) -> Fetched:
    if urlsplit(data).scheme in _ON_SERVERS:
        return fetch(data, scratch, sha256 or known_sha256(data))
    if not Path(data).is_file():
        raise InputError(
            f"data: {Path(data).absolute()} not found: give a folder, a zip archive, or the URL of one, "
            "http(s)://..."
        )
    return inspect(Path(data), sha256)
