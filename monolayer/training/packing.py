"""A split's images and label images in two flat files, which training maps into memory."""

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.lib.format import open_memmap

from monolayer.annotations.coco import Image
from monolayer.annotations.grouping import count_cells
from monolayer.annotations.label_images import label_type
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.decoding import has_8_bits
from monolayer.images.files import read_image, write_whole
from monolayer.images.folder import ImageFolder
from monolayer.images.label_files import read_labels
from monolayer.images.normalisation import FINE, LEVELS, grey_histogram
from monolayer.images.resizing import resize_image, resize_labels


class _Index(msgspec.Struct):
    # index.json, written last: with it the folder is complete.
    images: list[Image]
    digest: str


@dataclass(frozen=True)
class Packed:
    """All images of a split, one behind the other."""

    pixels: np.ndarray
    """Grey levels, uint8 [P], row by row; float16 [P] where an image has more than 8 bits."""
    labels: np.ndarray
    """uint16 [P], or uint32 where an image needs it, 0 = background, of the same pixels."""
    foreground: np.ndarray
    """Number of foreground pixels in each row of each image, int32 [R]."""
    histograms: np.ndarray
    """Number of pixels of each grey level in each image, int32 [N, 256], or of each 16th of one [N, 4096]."""
    images: list[Image]
    """What the annotation file says of each image."""
    digest: str
    """Hexadecimal; differs where an image, a label or how far an image is annotated differs."""

    @cached_property
    def heights(self) -> np.ndarray:
        """int64 [N]."""
        return np.array([image.height for image in self.images], dtype=np.int64)

    @cached_property
    def widths(self) -> np.ndarray:
        """int64 [N]."""
        return np.array([image.width for image in self.images], dtype=np.int64)

    @cached_property
    def first_pixels(self) -> np.ndarray:
        """Position of each image's first pixel among the pixels of all images, int64 [N]."""
        return _starts(self.images)

    def image(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return grey levels, uint8 or float16 [H, W], and labels, uint16 or uint32 [H, W], of one image."""
        start, shape = self.first_pixels[index], (self.images[index].height, self.images[index].width)
        part = slice(start, start + shape[0] * shape[1])
        return self.pixels[part].reshape(shape), self.labels[part].reshape(shape)


def pack_split(
    annotations: Path, images: Path, masks: Path, split: str, out: Path, compute: ComputeSettings
) -> None:
    """Write ``{pixels,labels,foreground,histograms}.npy`` and ``index.json`` into a new folder.

    Parameters
    ----------
    annotations
        Folder of ``{split}.json``.
    images
        Folder of the image files.
    masks
        Folder of ``instance/{split}/{image id}.tif``.
    split
        ``train``, ``val`` or ``test``.
    out
        Folder to write to; `Packed` says what is in the files.
    compute
        Where the work runs.

    Raises
    ------
    InputError
        The split is empty, or a file is missing or does not fit the others.
    """
    listed, cells = count_cells(annotations / f"{split}.json")
    if not listed:
        raise InputError(
            f"{annotations / f'{split}.json'} lists no image: training needs at least one in {split}. "
            "Raise sample.fraction, or check what the deduplicate stage removed."
        )
    folder = ImageFolder(images)
    paths = [folder.path(image.file_name, split) for image in listed]
    grey_levels = np.dtype(np.uint8 if all(map_parallel(has_8_bits, paths, compute)) else np.float16)
    _create(out, listed, grey_levels, label_type(max(cells.values(), default=0)))
    tasks = (
        _Task(image, path, masks, split, place)
        for image, path, place in zip(listed, paths, _places(out, listed), strict=True)
    )
    _complete(out, listed, map_parallel(_copy, tasks, compute))


def pack_resized(packed: Packed, side: int, out: Path) -> None:
    """Write a packed split with every image resized to `side` x `side` pixels into a new folder.

    The histograms stay those of the images as they were.
    """
    listed = [msgspec.structs.replace(image, width=side, height=side) for image in packed.images]
    _create(out, listed, packed.pixels.dtype, packed.labels.dtype)
    digests = []
    for number, place in enumerate(_places(out, listed)):
        image, labels = packed.image(number)
        histogram = packed.histograms[number]
        digests.append(_put(place, resize_image(image, side), resize_labels(labels, side), histogram))
    _complete(out, listed, digests)


def resized_once(packed: Packed, side: int, folder: Path) -> Packed:
    """Return what `pack_resized` writes into `folder`, where another run, or process, may have written it."""
    if not folder.exists():
        own = folder.with_name(f"{folder.name}.{socket.gethostname()}.{os.getpid()}")
        pack_resized(packed, side, own)
        try:
            own.rename(folder)
        except OSError:
            shutil.rmtree(own)  # another process was first
    return read_packed(folder)


def annotated(packed: Packed, partly: bool = False) -> np.ndarray:
    """Return the positions of the images whose cells are all annotated, int64 [K], ascending.

    The others stay packed: models of time see them between these, and learn from images that are `partly`
    annotated, too.

    Raises
    ------
    InputError
        There are none.
    """
    truths = ("complete", "partial") if partly else ("complete",)
    positions = np.flatnonzero([image.truth in truths for image in packed.images])
    if not len(positions):
        raise InputError(
            f"none of the {len(packed.images)} packed images, such as {packed.images[0].file_name}, has all "
            "its cells annotated, which training and validation need: give more annotations (of ctc, `truth: "
            "silver`), or put other images into this split"
        )
    return positions


class _Place(NamedTuple):
    # Where an image belongs in the files of a folder.
    out: Path
    number: int
    first_pixel: int
    first_row: int


class _Task(NamedTuple):
    image: Image
    path: Path
    masks: Path
    split: str
    place: _Place


def _create(out: Path, listed: list[Image], grey_levels: np.dtype, labels: np.dtype) -> None:
    out.mkdir(parents=True)
    pixels = sum(image.height * image.width for image in listed)
    rows = sum(image.height for image in listed)
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "pixels": (grey_levels.newbyteorder("<").str, (pixels,)),
        "labels": (labels.newbyteorder("<").str, (pixels,)),
        "foreground": ("<i4", (rows,)),
        "histograms": ("<i4", (len(listed), LEVELS if grey_levels == np.uint8 else LEVELS * FINE)),
    }
    for name, (dtype, shape) in shapes.items():
        open_memmap(out / f"{name}.npy", mode="w+", dtype=np.dtype(dtype), shape=shape).flush()


def _places(out: Path, listed: list[Image]) -> Iterator[_Place]:
    first_row = 0
    for number, first_pixel in enumerate(_starts(listed).tolist()):
        yield _Place(out, number, first_pixel, first_row)
        first_row += listed[number].height


def _complete(out: Path, listed: list[Image], digests: list[bytes]) -> None:
    # Nothing is added for images of complete truth, which is all that most data sets have.
    truths = [f"{number} {image.truth}\n" for number, image in enumerate(listed) if image.truth != "complete"]
    content = b"".join(digests) + "".join(truths).encode()
    index = _Index(listed, hashlib.blake2b(content, digest_size=20).hexdigest())
    write_whole(out / "index.json", msgspec.json.encode(index))


def _starts(images: list[Image]) -> np.ndarray:
    areas = np.array([image.height * image.width for image in images], dtype=np.int64)
    return np.cumsum(areas) - areas


def _copy(task: _Task) -> bytes:
    """Copy one image and its labels from their files."""
    image = read_image(task.path, task.image)
    labels = read_labels(task.masks, task.split, task.image)
    deep = np.load(task.place.out / "pixels.npy", mmap_mode="r").dtype != np.uint8
    return _put(task.place, image, labels, grey_histogram(image, fine=deep))


def _put(place: _Place, image: np.ndarray, labels: np.ndarray, histogram: np.ndarray) -> bytes:
    """Write one image and its labels to their place; return a digest of both."""
    for name, values, first in (
        ("pixels", image, place.first_pixel),
        ("labels", labels, place.first_pixel),
        ("foreground", (labels > 0).sum(axis=1), place.first_row),
        ("histograms", histogram, len(histogram) * place.number),
    ):
        _write_at(place.out / f"{name}.npy", values, first)
    content = hashlib.blake2b(f"{image.shape}\n".encode(), digest_size=20)
    for values in (image, labels):
        content.update(np.ascontiguousarray(values).data)
    return content.digest()


def _write_at(path: Path, values: np.ndarray, first: int) -> None:
    # Bytes, not pages: on a network's file system two machines must not write back the same page.
    whole = np.load(path, mmap_mode="r")
    with path.open("r+b") as file:
        file.seek(whole.offset + first * whole.itemsize)
        for part in np.array_split(values, max(values.size >> 20, 1)):
            file.write(part.astype(whole.dtype).tobytes())


def read_packed(folder: Path) -> Packed:
    """Map a split that `pack_split` wrote; pages come into memory as they are used.

    Raises
    ------
    InputError
        The folder is missing or incomplete.
    """
    try:
        index = msgspec.json.decode((folder / "index.json").read_bytes(), type=_Index)
        # Copy-on-write, and nobody writes: torch warns of arrays that could not be written.
        pixels, labels, foreground, histograms = (
            np.load(folder / f"{name}.npy", mmap_mode="c")
            for name in ("pixels", "labels", "foreground", "histograms")
        )
    except (OSError, EOFError, ValueError, msgspec.DecodeError) as error:
        raise InputError(
            f"{folder} is not a complete packed split ({error}): run `dvc repro -f pack`"
        ) from None
    return Packed(pixels, labels, foreground, histograms, index.images, index.digest)
