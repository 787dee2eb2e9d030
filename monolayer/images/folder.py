"""A folder of image files: where each lies."""

import os
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS

_FOLDERS_OF_SYSTEMS = {"__MACOSX", "@eaDir"}  # what macOS packs beside files, and thumbnails of Synology's


def image_files(root: Path) -> list[Path]:
    """List the image files of a folder and of all folders below it, those behind symbolic links too.

    Hidden files and folders are passed over (``._a.tif``, ``.ipynb_checkpoints``, ``__MACOSX``), and so are
    links that lead nowhere or back to a folder above them.

    Parameters
    ----------
    root
        The folder. It may be hidden itself.

    Returns
    -------
    list of Path
        Sorted; each begins with `root`.

    Raises
    ------
    InputError
        A folder cannot be listed.
    """
    files = _files_below(root, (root.resolve(),))
    return sorted(path for path in files if path.suffix.lower() in IMAGE_ENDINGS)


def _files_below(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise InputError(f"{folder} cannot be listed ({error.strerror}): give a folder that can") from None
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith(".") or entry.name in _FOLDERS_OF_SYSTEMS:
            continue
        if entry.is_file(follow_symlinks=False) or (entry.is_symlink() and path.is_file()):
            yield path
        elif path.is_dir() and (real := path.resolve()) not in above:
            yield from _files_below(path, (*above, real))


class _File(NamedTuple):
    path: Path
    parts: tuple[str, ...]
    """Folders below the root, and the name, in the spelling in which names are compared."""


class ImageFolder:
    """Finds the files of a folder that holds images in any sub-folders.

    LIVECell's copies differ: flat, one folder per split, one per cell type. An annotation file names the
    bare file, so the whole folder is indexed once, by bare name.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._above = {f"{path.as_posix().rstrip('/')}/" for path in (root.absolute(), root.resolve())}
        self._files: dict[str, list[_File]] = defaultdict(list)
        for path in image_files(root):
            parts = _parts(path.relative_to(root).as_posix())
            self._files[parts[-1].casefold()].append(_File(path, parts))

    def find(self, file_name: str, split: str | None = None) -> Path | None:
        r"""Return the path of a listed image, or None where there is none.

        A path below the folder means that file. Names are those of any system: ``images\a.png``, ``./a.png``,
        an accent as one character or two, ``a%20b.png``; upper and lower case count where two files differ
        by nothing else. Folders that only the export had are passed over: ``export/images/a.png`` is
        ``images/a.png`` or ``a.png``. A bare name is found in any sub-folder; of several such files, the one
        in a folder named after the split is meant (``livecell_test_images``, ``livecell_train_val_images``).

        Parameters
        ----------
        file_name
            As the annotation file has it.
        split
            Of the image; None where the annotation file does not say it.

        Raises
        ------
        InputError
            Several files have the name, and no folder name tells which one is meant; or the name leads out of
            the folder.
        """
        found = self._named(file_name) or ("%" in file_name and self._named(unquote(file_name))) or []
        if len(found) > 1 and len({file.path.resolve() for file in found}) > 1:
            found = self._of_split(found, file_name, split)
        return found[0].path if found else None

    def _named(self, file_name: str) -> list[_File]:
        """Return the files of the most folders in common with the name, of its own case if there are such."""
        parts = tuple(self.normalised(file_name).split("/"))
        fits = [file for file in self._files.get(parts[-1].casefold(), []) if _fits(file.parts, parts)]
        best = max((min(len(file.parts), len(parts)) for file in fits), default=0)
        fits = [file for file in fits if min(len(file.parts), len(parts)) == best]
        # Of "a.png" and "sub/a.png", the bare name is the path of the first.
        for exact in (lambda file: file.parts == parts, lambda file: file.parts[-best:] == parts[-best:]):
            fits = [file for file in fits if exact(file)] or fits
        return fits

    def normalised(self, file_name: str) -> str:
        """Return a listed name as a path below the folder: one spelling for all that mean the same.

        Raises
        ------
        InputError
            It leads out of the folder.
        """
        name = posixpath.normpath(file_name.replace("\\", "/"))
        for root in self._above:
            name = name.removeprefix(root)
        if name.startswith(("/", "../")) or name == ".." or _ANOTHER_PLACE.match(name):
            raise InputError(
                f"image {file_name} is not below {self.root}: correct its file name to the path below that "
                "folder"
            )
        return unicodedata.normalize("NFC", name)

    def _of_split(self, files: list[_File], file_name: str, split: str | None) -> list[_File]:
        named = [file for file in files if split in _splits(file.parts[:-1])]
        if len(named) == 1:
            return named
        places = ", ".join(str(file.path) for file in files)
        of_split = f" of split {split}" if split else ""
        raise InputError(
            f"{file_name}{of_split} is ambiguous: {places}. Keep one of them, or name the image by its path "
            f"below {self.root}"
        )

    def path(self, file_name: str, split: str) -> Path:
        """Return the path of a file of a split, as `find`, but a missing file is an `InputError`."""
        path = self.find(file_name, split)
        if path is None:
            raise InputError(f"{file_name} of split {split} is not below {self.root}")
        return path


_ANOTHER_PLACE = re.compile(r"[A-Za-z]:/|[A-Za-z][A-Za-z0-9+.-]+:/")
"""A drive of Windows, or a URL whose slashes became one."""


def _parts(name: str) -> tuple[str, ...]:
    r"""Return folders and name as they are compared: macOS writes an accent as a character of its own.

    >>> _parts("images\\a.png")
    ('images', 'a.png')
    """
    return tuple(unicodedata.normalize("NFC", name).replace("\\", "/").split("/"))


def _fits(file: tuple[str, ...], listed: tuple[str, ...]) -> bool:
    """Return whether the listed name is bare, or ends with the file's whole path below the root."""
    below = tuple(part.casefold() for part in file)
    return len(listed) == 1 or tuple(part.casefold() for part in listed)[-len(below) :] == below


_SPLIT_WORDS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test",
    "testing": "test",
}  # fmt: skip


def _splits(folders: tuple[str, ...]) -> set[str]:
    """Return the splits that folders are named after, by whole words.

    >>> sorted(_splits(("livecell_train_val_images",))), _splits(("testImages",)), _splits(("val2017",))
    (['train', 'val'], {'test'}, {'val'})
    >>> _splits(("constrained", "latest", "train2"))
    set()
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", " ".join(folders)).casefold()
    words = (re.sub(r"(?:19|20)\d\d$", "", word) for word in re.split(r"[\W_]+", spaced))
    return {_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS}
