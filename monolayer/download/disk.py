"""Room on the disk, asked for before a long job and not found missing at its end; whole folders copied."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from monolayer.errors import InputError


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Make sure that a folder's disk has room.

    Parameters
    ----------
    folder
        An existing folder.
    needed
        Bytes that will be written.
    purpose
        What they are for; begins the error.

    Raises
    ------
    InputError
        Less is free; the message gives both numbers.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{purpose} needs {needed:,} bytes, but the disk of {folder} has {free:,} bytes free: "
            "make room and run the stage again"
        )


def copy_folder(source: Path, folder: Path) -> None:
    """Copy a folder's files into a new folder, or raise InputError where the disk has no room.

    The files are copied and never linked, and get permissions of their own: DVC makes what it tracks
    read-only, and the originals are the user's.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    require_space(folder.parent, size, f"Copying {source}")
    shutil.copytree(source, folder, copy_function=shutil.copyfile)


def copy_images(paths: Iterable[Path], source: Path, folder: Path) -> None:
    """Copy some images of a folder to the same places of another one, as `copy_folder` does.

    Parameters
    ----------
    paths
        Files below `source`.
    source, folder
        Where they are, and where they are to be; of `folder`, what was there before is removed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = sorted(set(paths))
    require_space(folder, sum(path.stat().st_size for path in listed), f"Copying the images of {source}")
    for path in listed:
        copy = folder / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
