"""Zip archives, unpacked so that nothing leaves the folder and nothing half-unpacked is left behind."""

import errno
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from tqdm import tqdm

from monolayer.download.disk import require_space
from monolayer.errors import InputError

# What zipfile raises on damaged bytes. RuntimeError is an encrypted entry or an unknown compression; an
# OSError is damage where a place in the file makes no sense, and else the disk's (see `unzip`).
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)


class UnusableArchiveError(InputError):
    """The archive itself is at fault, and fetching it again may help."""


def unzip(archive: Path, folder: Path) -> None:
    """Unpack an archive into a new folder, which appears only when it is complete.

    Parameters
    ----------
    archive
        A zip file. Sizes and checksums of its entries are checked.
    folder
        Must not exist yet. The files are unpacked beside it, under its name with ``.part``, and renamed.
        Where the archive holds everything in one folder of this very name, that folder is meant.

    Raises
    ------
    UnusableArchiveError
        The archive is not a zip file, is damaged or encrypted, or has an entry that would leave the folder
        or is a link.
    InputError
        The disk has no room.
    """
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as content:
            _unpack(content, archive, partial)
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise UnusableArchiveError(
            f"{archive} cannot be unpacked ({error}): delete it and fetch it again"
        ) from None
    inner = partial / folder.name
    os.replace(inner if list(partial.iterdir()) == [inner] else partial, folder)
    shutil.rmtree(partial, ignore_errors=True)


def _unpack(content: zipfile.ZipFile, archive: Path, folder: Path) -> None:
    entries = content.infolist()
    for entry in entries:
        _require_safe(entry, archive)
    require_space(folder, sum(entry.file_size for entry in entries), f"Unpacking {archive.name}")
    for entry in tqdm(entries, desc=f"unpack {archive.name}", unit="file", disable=None):
        content.extract(entry, folder)


def _require_safe(entry: zipfile.ZipInfo, archive: Path) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    leaves = path.is_absolute() or ".." in path.parts or PureWindowsPath(entry.filename).drive
    if leaves or stat.S_ISLNK(entry.external_attr >> 16):
        fault = "would leave the folder" if leaves else "is a link"
        raise UnusableArchiveError(
            f"{archive}: entry {entry.filename!r} {fault}. The archive is not to be trusted: "
            "delete it and fetch it from another place"
        )
