"""Room on the disk, asked for before a long job and not found missing at its end; whole folders copied."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monolayer.errors import InputError, shortage


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
        Less is free; the message gives both numbers. A quota is not seen here: see `shortage_told`.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{purpose} needs {needed:,} bytes, but the disk of {folder} has {free:,} bytes free: "
            "make room and run the stage again"
        )


@contextmanager
def shortage_told(purpose: str, folder: Path, left: str = "") -> Iterator[None]:
    """Raise an InputError where the block's writing fails for a full disk, or a quota that is used up.

    Parameters
    ----------
    purpose
        What is being written; begins the error.
    folder
        Where; named where the system does not name the file.
    left
        What becomes of that which has been written; ends the error.
    """
    try:
        yield
    except OSError as error:
        if (fault := shortage(error)) is None:
            raise
        raise InputError(
            f"{purpose}: {fault} ({error.filename or folder}): make room and run the stage again{left}"
        ) from None


def require_apart(source: Path, folder: Path) -> None:
    """Make sure that of two folders, neither lies in the other one: `folder` is emptied, `source` must stay.

    Raises
    ------
    InputError
        They are the same, or one holds the other, links followed.
    """
    given, own = source.resolve(), folder.resolve()
    if given == own or own in given.parents:
        fault = f"lies in {own}, which is emptied: move it elsewhere"
    elif given in own.parents:
        fault = f"holds {own}, which is made anew: give the folder of the data alone"
    else:
        return
    raise InputError(f"{source} {fault}")


def copy_folder(source: Path, folder: Path) -> None:
    """Copy a folder's files into a new folder.

    The files are copied and never linked, and get permissions of their own: DVC makes what it tracks
    read-only, and the originals are the user's.

    Raises
    ------
    InputError
        The disk has no room, a file cannot be read (such as a link to nowhere), or one folder lies in the
        other.
    """
    require_apart(source, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    require_space(folder.parent, size, f"Copying {source}")
    shutil.copytree(source, folder, copy_function=_copy_file)


def copy_images(paths: Iterable[Path], source: Path, folder: Path) -> None:
    """Copy some images of a folder to the same places of another one, and fail, as `copy_folder` does.

    Parameters
    ----------
    paths
        Files below `source`.
    source, folder
        Where they are, and where they are to be; of `folder`, what was there before is removed.
    """
    require_apart(source, folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = sorted(set(paths))
    require_space(folder, sum(map(_size, listed)), f"Copying the images of {source}")
    for path in listed:
        copy = folder / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(path, copy)


def _copy_file(source: Path | str, copy: Path | str) -> None:
    # Told at once: copytree goes on after an OSError, and joins all of them to one without a number.
    with shortage_told(f"Copying {source}", Path(copy).parent), _unreadable_told(source):
        shutil.copyfile(source, copy)


def _size(path: Path) -> int:
    with _unreadable_told(path):
        return path.stat().st_size


@contextmanager
def _unreadable_told(path: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if shortage(error):
            raise
        raise InputError(f"{path} cannot be copied ({error.strerror}): mend the file or the link") from None
