"""Where the Cell Tracking Challenge keeps the frames of a data set, their cells and their markers."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from monolayer.errors import InputError
from monolayer.images.files import read_channel

Standard = Literal["gold", "silver"]
CELLS: dict[Standard, str] = {"gold": "GT/SEG", "silver": "ST/SEG"}
"""Folder with the cells of a sequence, behind its name and an underscore."""


class Frame(NamedTuple):
    """One frame of a sequence."""

    sequence: str
    """Such as ``01``."""
    number: int
    image: Path
    cells: Path | None
    """Label image of its cells; None where nobody has annotated it."""
    markers: Path | None
    """Label image with a marker in every cell; None where there is none, or it is not needed."""


def find_root(folder: Path) -> Path:
    """Return the folder that has the sequences: the given one, or the only one below it that has some.

    Raises
    ------
    InputError
        None has sequences, or several have.
    """
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    roots = [path for path in ([folder] if sequence_names(folder) else below) if sequence_names(path)]
    if len(roots) != 1:
        found = ", ".join(path.name for path in roots) or "nothing of that kind"
        raise InputError(
            f"data: expected sequences such as 01/t000.tif in {folder}, or in one folder below it, and found "
            f"{found}: give the folder of one data set"
        )
    return roots[0]


def sequence_names(root: Path) -> list[str]:
    """Return the names of the folders that hold frames."""
    return sorted(path.name for path in root.iterdir() if path.is_dir() and _numbered(path, "t"))


def frames_of(root: Path, sequence: str, standard: Standard) -> list[Frame]:
    """List the frames of a sequence in their order.

    Parameters
    ----------
    root
        As `find_root` returns it.
    sequence
        Its name.
    standard
        Which cells are the truth. Gold ones may be some of a frame's cells, which its markers tell.

    Raises
    ------
    InputError
        There is no such sequence, a frame is missing or a volume, there is no such truth, or a truth is of a
        frame that is not there.
    """
    _require_known(sequence, sequence_names(root), root)
    images = _numbered(root / sequence, "t")
    _require_consecutive(images, root / sequence)
    read_channel(next(iter(images.values())))  # a volume is refused here: its truth has other names
    cells = _cells(root, sequence, standard)
    for number in sorted(cells.keys() - images.keys()):
        raise InputError(
            f"{cells[number]} is of frame {number}, which {root / sequence} does not have: add the frame, or "
            "remove that file"
        )
    markers = _numbered(root / f"{sequence}_GT" / "TRA", "man_track")
    if standard == "silver":  # complete where there are cells
        markers = {number: path for number, path in markers.items() if number not in cells}
    return [
        Frame(sequence, number, path, cells.get(number), markers.get(number))
        for number, path in images.items()
    ]


def _numbered(folder: Path, prefix: str) -> dict[int, Path]:
    pattern = re.compile(rf"{prefix}(\d{{3,4}})\.tif")
    names = ((pattern.fullmatch(path.name), path) for path in folder.glob("*.tif"))
    return dict(sorted((int(name[1]), path) for name, path in names if name))


def _require_known(sequence: str, known: Collection[str], root: Path) -> None:
    if sequence not in known:
        raise InputError(f"sequences: {root} has no {sequence!r}; its sequences: {', '.join(known)}")


def _require_consecutive(images: Mapping[int, Path], folder: Path) -> None:
    missing = set(range(min(images), max(images))) - images.keys()
    if missing:
        last = images[max(images)].name
        raise InputError(
            f"{folder} has no frame {min(missing)}, though it has {last}: unpack the data set again, or "
            "number the frames without a gap"
        )


def _cells(root: Path, sequence: str, standard: Standard) -> dict[int, Path]:
    places = {name: root / f"{sequence}_{folder}" for name, folder in CELLS.items()}
    found = {name: _numbered(folder, "man_seg") for name, folder in places.items()}
    if not found[standard]:
        others = [f"{places[name]}: set `truth: {name}`" for name, cells in found.items() if cells]
        raise InputError(
            f"truth: {places[standard]} holds no man_seg000.tif or the like. There is "
            f"{others[0] if others else 'no other truth of this sequence: unpack the training data set'}"
        )
    return found[standard]
