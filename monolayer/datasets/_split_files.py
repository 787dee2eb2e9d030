"""Files of the splits, written while images are read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from monolayer.annotations.coco import Annotation, Image, write_coco_pieces
from monolayer.datasets._label_images import numbered
from monolayer.datasets._splits import Split


def write_splits(
    folder: Path, parts: Mapping[Split, Sequence[int]], drawn: Iterable[tuple[Image, list[Annotation]]]
) -> None:
    """Write ``{train,val,test}.json``; an image's annotations go to the disk as they come.

    Parameters
    ----------
    folder
        Where to.
    parts
        Positions of the images of each split.
    drawn
        Each image, whose id is its position, with its annotations, split by split in the order of `parts`.
        Annotations get ids that no two splits share.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remaining, first = iter(drawn), 0
    for split, part in parts.items():
        first = _write_split(folder / f"{split}.json", islice(remaining, len(part)), first)


def _write_split(path: Path, drawn: Iterable[tuple[Image, list[Annotation]]], first: int) -> int:
    """Write a split whose annotations are numbered from `first` on; return the number after the last."""
    spool = path.with_name(path.name + ".annotations")  # the images, which are all known last, come first
    images = []
    try:
        with spool.open("wb") as file:
            for image, annotations in drawn:
                images.append(image)
                file.write(msgspec.json.encode(numbered(annotations, image.id, first)) + b"\n")
                first += len(annotations)
        with spool.open("rb") as file:
            write_coco_pieces(path, images, _spooled(file))
    finally:
        spool.unlink(missing_ok=True)
    return first


def _spooled(lines: Iterable[bytes]) -> Iterator[Annotation]:
    decoder = msgspec.json.Decoder(list[Annotation])
    for line in lines:
        yield from decoder.decode(line)
