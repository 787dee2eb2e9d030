"""A data set of the Cell Tracking Challenge: recordings of which frames are annotated, some or all.

Maška et al., The Cell Tracking Challenge: 10 years of objective benchmarking, Nature Methods, 2023.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field, model_validator

from monolayer import parameters
from monolayer.annotations.coco import Annotation, Image, Truth
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._archived import opened
from monolayer.datasets._ctc_layout import Frame, Standard, find_root, frames_of
from monolayer.datasets._description import Description, SourceFile, write_description
from monolayer.datasets._label_images import LabelledImage, annotations_of_labels
from monolayer.datasets._settings import DatasetSettings
from monolayer.datasets._split_files import write_splits
from monolayer.datasets._splits import SPLITS, Split
from monolayer.datasets._streams import in_chunks
from monolayer.download.disk import copy_images
from monolayer.errors import InputError
from monolayer.images.files import read_channel
from monolayer.images.label_files import read_label_image

OFFICIAL = "https://data.celltrackingchallenge.net/training-datasets/DIC-C2DH-HeLa.zip"
REMEDY = "unpack the data set again, or remove that file"


class Sequences(parameters.Settings):
    """Which sequences each split has."""

    train: list[str] = Field(default=["01"], min_length=1)
    val: list[str] = Field(default=[])
    """None to take the last frames of each training sequence: the same recording, later in time."""
    test: list[str] = Field(default=["02"], min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> "Sequences":
        counts = Counter([*self.train, *self.val, *self.test])
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise ValueError(f"sequence {repeated[0]!r} is listed twice")
        return self


class Settings(DatasetSettings):
    """Which data set to take, from where, and what is its truth."""

    data: str = OFFICIAL
    """Folder, zip archive, or the ``http(s)://`` URL of one."""
    truth: Standard = "silver"
    """``gold``: cells that people drew, of few frames and often not all of a frame. A frame is complete where
    each of its markers (TRA) is covered by a cell by more than half, or where it has no markers. ``silver``:
    cells that computers drew, of every frame, each of them complete. A frame without a file of cells whose
    file of markers is empty has no cells."""
    sequences: Sequences = Sequences()
    val_fraction: parameters.Number = Field(default=0.2, gt=0, lt=1)
    """Fraction of the frames of each training sequence that becomes val where `sequences` has none for it."""
    sha256: str | None = None
    """Known digest of the archive. The digest is recorded in dataset.json in any case."""


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Copy the frames, annotated or not, and write their cells in LIVECell's layout.

    Parameters
    ----------
    settings
        What to take, and from where.
    folder
        Gets ``images/<sequence>/t000.tif`` and so on, ``annotations/{train,val,test}.json`` with a run-length
        code for each cell, and ``dataset.json``.
    scratch
        Keeps an archive that comes from a server. May be deleted at any time.
    compute
        Where the work over images runs.

    Raises
    ------
    InputError
        The data are not there, refused by the server, damaged, or have another SHA-256 than the known one; a
        sequence, frame or truth is missing; a file is a volume, or no label image of its frame's size; a
        split is empty; or the disk has no room.
    """
    with opened(settings.data, settings.sha256, scratch) as (given, files):
        root = find_root(given)
        parts = _divide(settings, root)
        frames = [frame for part in parts.values() for frame in part]
        name = root.resolve().name
        read = chain.from_iterable(map_parallel(_read, chunk, compute) for chunk in in_chunks(frames))
        drawn = _drawn(name, frames, read)
        write_splits(folder / "annotations", _positions(parts), drawn)
        copy_images((frame.image for frame in frames), root, folder / "images")
    write_description(folder, _describe(name, settings.data, files))


def _drawn(
    name: str, frames: Iterable[Frame], read: Iterator["_Read"]
) -> Iterator[tuple[Image, list[Annotation]]]:
    for number, (frame, own) in enumerate(zip(frames, read, strict=True)):
        yield _image(number, name, frame, own), own.labelled.annotations


def _divide(settings: Settings, root: Path) -> dict[Split, list[Frame]]:
    names = settings.sequences
    listed = (names.train, names.val, names.test)
    train, val, test = ([frames_of(root, name, settings.truth) for name in own] for own in listed)
    if not val:
        first = [len(frames) - round(settings.val_fraction * len(frames)) for frames in train]
        val = [frames[place:] for frames, place in zip(train, first, strict=True)]
        train = [frames[:place] for frames, place in zip(train, first, strict=True)]
    divided = zip(SPLITS, (train, val, test), strict=True)
    parts = {split: list(chain.from_iterable(own)) for split, own in divided}
    for split, part in parts.items():
        if not part:
            raise InputError(
                f"split {split} is empty: the training sequences are too short for a val_fraction of "
                f"{settings.val_fraction}. Change it, or list sequences for val"
            )
    return parts


class _Read(NamedTuple):
    """What is annotated in a frame."""

    labelled: LabelledImage
    known: bool
    """Whether anybody has looked for its cells."""
    missed: int = 0
    """Number of cells that are marked and not drawn."""


def _read(frame: Frame) -> _Read:
    height, width = read_channel(frame.image).shape
    markers = None if frame.markers is None else read_label_image(frame.markers, (height, width), REMEDY)
    if frame.cells is None:
        # A file without markers says that somebody looked, and that there is no cell.
        return _Read(LabelledImage(height, width, []), known=markers is not None and not markers.any())
    cells = read_label_image(frame.cells, (height, width), REMEDY)
    labelled = LabelledImage(height, width, annotations_of_labels(cells))
    return _Read(labelled, True, 0 if markers is None else uncovered_markers(cells, markers))


def uncovered_markers(cells: np.ndarray, markers: np.ndarray) -> int:
    """Count the markers of which annotated cells cover no more than half.

    Parameters
    ----------
    cells, markers
        Label images of the same shape, integers [H, W], 0 = background.

    Examples
    --------
    >>> uncovered_markers(np.array([[5, 5, 5, 5, 0]]), np.array([[1, 1, 0, 2, 2]]))
    1
    """
    markers = markers.astype(np.int64, copy=False)  # bincount takes no bool, and no uint64
    pixels = np.bincount(markers.ravel())[1:]
    covered = np.bincount(markers[cells > 0], minlength=len(pixels) + 1)[1:]
    return int(np.count_nonzero(2 * covered[pixels > 0] <= pixels[pixels > 0]))


def _truth(own: _Read) -> Truth:
    if not own.known or (own.missed and not own.labelled.annotations):
        return "none"
    return "partial" if own.missed else "complete"


def _image(number: int, name: str, frame: Frame, own: _Read) -> Image:
    image = Image(
        number,
        f"{frame.sequence}/{frame.image.name}",
        own.labelled.width,
        own.labelled.height,
        cell_type=name,
        sequence=f"{name}/{frame.sequence}",
        frame=frame.number,
        truth=_truth(own),
    )
    return own.labelled.described(image)


def _positions(parts: dict[Split, list[Frame]]) -> dict[Split, list[int]]:
    numbers = iter(range(sum(map(len, parts.values()))))
    return {split: [next(numbers) for _ in part] for split, part in parts.items()}


def _describe(name: str, source: str, files: list[SourceFile]) -> Description:
    return Description(
        name=f"Cell Tracking Challenge, {name}",
        licence="see the conditions of use on https://celltrackingchallenge.net/datasets/",
        citation=(
            "Maška, M., Ulman, V., Delgado-Rodriguez, P. et al. The Cell Tracking Challenge: 10 years of "
            "objective benchmarking. Nature Methods 20, 1010-1020 (2023). https://doi.org/10.1038/s41592-023-01879-y"
        ),
        source=source,
        files=files,
    )
