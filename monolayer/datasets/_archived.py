"""Data that lie in a folder, in an archive, or in an archive on a server."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from monolayer.datasets._description import SourceFile
from monolayer.download.archives import UnusableArchiveError, unzip
from monolayer.download.fetch import Fetched, discarded_on, fetch, inspect
from monolayer.errors import InputError


@contextmanager
def opened(data: str, sha256: str | None, scratch: Path) -> Iterator[tuple[Path, list[SourceFile]]]:
    """Bring data into a folder for the length of the block.

    Parameters
    ----------
    data
        A folder, a zip archive, or the ``http(s)://`` URL of one.
    sha256
        The archive's known digest.
    scratch
        Keeps what comes from a server. Archives are unpacked here, and what was unpacked goes again.

    Yields
    ------
    tuple of (Path, list of SourceFile)
        The folder, and the archive that it came from.

    Raises
    ------
    InputError
        There are no such data, a folder has a digest, an archive is damaged or has another digest, or the
        server or the disk fails.
    """
    if Path(data).is_dir():
        if sha256 is not None:
            raise InputError(f"sha256: it is of an archive, but {data} is a folder: remove it")
        yield Path(data), []
        return
    archive = _archive(data, sha256, scratch)
    name = Path(urlsplit(archive.source).path)
    unpacked = scratch / name.stem
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        with discarded_on(UnusableArchiveError, archive, scratch):
            unzip(archive.path, unpacked)
        yield unpacked, [SourceFile(name.name, archive.bytes, archive.sha256)]
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _archive(data: str, sha256: str | None, scratch: Path) -> Fetched:
    if urlsplit(data).scheme in ("http", "https"):
        return fetch(data, scratch, sha256)
    if not Path(data).is_file():
        raise InputError(
            f"data: {Path(data).absolute()} not found: give a folder, a zip archive, or the URL of one, "
            "http(s)://..."
        )
    return inspect(Path(data), sha256)
