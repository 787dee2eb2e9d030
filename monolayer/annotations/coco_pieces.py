"""COCO annotation files read in pieces, so that the annotations are never all in memory."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec

from monolayer.annotations.coco import Annotation, Image, read_coco, require_names
from monolayer.errors import InputError

Item = TypeVar("Item")


def read_in_pieces(
    path: Path, decoder: msgspec.json.Decoder[list[Item]]
) -> tuple[list[Image], Iterator[list[Item]]]:
    """Read an annotation file; of one that `write_coco` wrote, never hold all the annotations.

    Parameters
    ----------
    path
        Annotation file.
    decoder
        Of a list of what is read of each annotation, such as a `msgspec.Struct` with some of its fields.

    Returns
    -------
    images
        All of them.
    annotations
        Lists of some thousand, in the order of the file; one empty list where there are none.

    Raises
    ------
    InputError
        As `read_coco`; annotations are checked as they are read.
    """
    lines = _lines(path)
    head: list[bytes] = []
    for line in lines:
        if line.startswith(_ANNOTATIONS):
            text = b"".join(head).rstrip().removesuffix(b"],") + b"]}"
            images = _decoded(text, _HEAD, path).images
            require_names(images, path)
            return images, _pieces_of(line, lines, decoder, path)
        head.append(line)
    coco = read_coco(path)  # another program wrote it
    return coco.images, iter([_decoded(msgspec.json.encode(coco.annotations), decoder, path)])


def read_images(path: Path) -> list[Image]:
    """Read the images of a file as `read_in_pieces` does, and the annotations only where it must."""
    return read_in_pieces(path, _CELLS)[0]


def read_annotations(path: Path) -> tuple[list[Image], Iterator[Annotation]]:
    """Read an annotation file as `read_in_pieces` does: its images, and its annotations one by one."""
    images, pieces = read_in_pieces(path, _CELLS)
    return images, chain.from_iterable(pieces)


_CELLS = msgspec.json.Decoder(list[Annotation])

_ANNOTATIONS = b'"annotations":['


class _Head(msgspec.Struct):
    images: list[Image]


_HEAD = msgspec.json.Decoder(_Head)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=2**20) as file:  # lines of megabytes
            yield from file
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage that writes it") from None


def _pieces_of(
    first: bytes, lines: Iterator[bytes], decoder: msgspec.json.Decoder[list[Item]], path: Path
) -> Iterator[list[Item]]:
    piece = [first.removeprefix(_ANNOTATIONS)]
    for line in lines:
        # A line that begins otherwise goes on with an outline of several lines, as another program wrote it.
        if line.startswith(b'{"id":'):
            yield _decoded(b"[" + b"".join(piece).rstrip().removesuffix(b",") + b"]", decoder, path)
            piece = []
        piece.append(line)
    yield _decoded(b"[" + b"".join(piece).rstrip().removesuffix(b"}"), decoder, path)


def _decoded(text: bytes, decoder: msgspec.json.Decoder[Item], path: Path) -> Item:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is truncated or no annotation file ({error}): run the stage again that writes it"
        ) from None
