"""Zip archives, unpacked so that nothing leaves the folder and nothing half-unpacked is left behind."""

import errno
import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

from tqdm import tqdm

from monolayer.download.disk import require_space, shortage_told
from monolayer.download.entries import UnusableArchiveError, require_safe

# What zipfile raises on damaged bytes. RuntimeError is an unknown compression, ValueError a date or a name
# that is none; an OSError is damage where a place in the file makes no sense, and else the disk's.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
)
_NAMES = (errno.EEXIST, errno.EISDIR, errno.EILSEQ, errno.ENAMETOOLONG, errno.ENOTDIR)


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
        The archive is not a zip file, is damaged, or is refused by `monolayer.download.entries.require_safe`.
    InputError
        The disk has no room. What was unpacked is removed.
    """
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with shortage_told(f"Unpacking {archive.name}", folder.parent):
            _read(archive, partial)
        inner = partial / folder.name
        os.replace(inner if list(partial.iterdir()) == [inner] else partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as content:
            _unpack(content, archive, folder)
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL, *_NAMES):
            raise
        raise UnusableArchiveError(
            f"{archive} cannot be unpacked ({error}): delete it and fetch it again, or unpack it by "
            "another program and give the folder"
        ) from None


def _unpack(content: zipfile.ZipFile, archive: Path, folder: Path) -> None:
    entries = require_safe(content.infolist(), archive)
    require_space(folder, sum(entry.file_size for entry in entries), f"Unpacking {archive.name}")
    for entry in tqdm(entries, desc=f"unpack {archive.name}", unit="file", disable=None):
        if not entry.is_dir() and (folder / entry.filename).exists():
            raise FileExistsError(errno.EEXIST, "two entries have one name on this disk", entry.filename)
        content.extract(entry, folder)
