"""What the entries of a zip archive say of themselves, judged before anything is unpacked."""

import stat
from collections import Counter
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import ZipInfo

from monolayer.errors import InputError

MOST_ENTRIES = 500_000
"""LIVECell's images.zip has 5,239, a data set of 100,000 images and label images some 200,000."""
LARGEST_RATIO = 100
"""Bytes unpacked for each byte of the archive. Images of cells reach 2 to 10, though an empty label image
alone may reach 1,000."""
RATIO_FROM = 1 << 26
"""Bytes unpacked up to which any ratio will do."""
LONGEST_NAME = 1024
"""Bytes of a path; each of its parts may have 255."""

_LOCAL_HEADER = 30  # bytes before each entry's data at least
_ENCRYPTED = 0x1
_OF_MACS = "__MACOSX/"  # attributes of files, made by the Finder, with names that end like the files'


class UnusableArchiveError(InputError):
    """The archive itself is at fault, and fetching it again may help."""


def require_safe(entries: list[ZipInfo], archive: Path) -> list[ZipInfo]:
    """Make sure that an archive can be unpacked without harm.

    Parameters
    ----------
    entries
        All entries, as the archive's directory lists them. Names with backslashes, as old programs of Windows
        write them, get slashes.
    archive
        Where they come from.

    Returns
    -------
    list of ZipInfo
        The entries to unpack: all but those of macOS' own.

    Raises
    ------
    UnusableArchiveError
        An entry would leave the folder, is a link, is encrypted, or has no name, a name too long or that of
        another entry; or the archive would unpack to far more than images do.
    """
    _require_usual_amount(entries, archive)
    for entry in entries:
        entry.filename = entry.filename.replace("\\", "/")
        if fault := _fault(entry):
            raise _refused(archive, f"entry {entry.filename[:200]!r} {fault}")
    kept = [entry for entry in entries if not entry.filename.startswith(_OF_MACS)]
    counts = Counter(str(PurePosixPath(entry.filename)) for entry in kept if not entry.is_dir())
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise _refused(archive, f"entry {repeated[0]!r} is there {counts[repeated[0]]} times")
    return kept


def _fault(entry: ZipInfo) -> str | None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(entry.filename).drive:
        return "would leave the folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & _ENCRYPTED:
        return "needs a password"
    if not path.parts:
        return "has no name"
    if len(entry.filename.encode()) > LONGEST_NAME or max(len(part.encode()) for part in path.parts) > 255:
        return "has too long a name"
    return None


def _require_usual_amount(entries: list[ZipInfo], archive: Path) -> None:
    if len(entries) > MOST_ENTRIES:
        raise _refused(archive, f"it has {len(entries):,} entries, more than {MOST_ENTRIES:,}")
    size, unpacked = archive.stat().st_size, sum(entry.file_size for entry in entries)
    if unpacked > max(RATIO_FROM, LARGEST_RATIO * size):
        raise _refused(archive, f"its {size:,} bytes would unpack to {unpacked:,}")
    placed = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in pairwise(placed):
        if entry.header_offset + _LOCAL_HEADER + entry.compress_size > following.header_offset:
            raise _refused(archive, f"entries {entry.filename!r} and {following.filename!r} overlap")


def _refused(archive: Path, fault: str) -> UnusableArchiveError:
    return UnusableArchiveError(
        f"{archive}: {fault}. The archive is not to be trusted: delete it and fetch it from another place, "
        "or unpack it yourself and give the folder"
    )
