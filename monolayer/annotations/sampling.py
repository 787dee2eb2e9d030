"""Choose a fraction of the images: seeded, by cell type, without replacement, stable."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from pydantic import Field

from monolayer.annotations.coco import Image, cell_type_of, write_coco_pieces
from monolayer.annotations.coco_pieces import read_annotations
from monolayer.parameters import Number, Settings


class SampleSettings(Settings):
    """How large the subset is, and how it is drawn."""

    fraction: Number = Field(default=1.0, gt=0, le=1)
    """Fraction of each split's images to keep, by cell type."""
    images_per_split: int | None = Field(default=None, ge=1)
    """Number of images of each split to keep instead of a fraction."""
    seed: int = 0
    """Another seed, another subset."""


def sample_split(source: Path, target: Path, settings: SampleSettings) -> None:
    """Write the chosen images of an annotation file, with all their annotations, as another.

    Annotations of images that the split does not list are kept as well: whether they are errors is for the
    cleaning to say.

    Raises
    ------
    InputError
        The file is missing, or no annotation file.
    """
    images, annotations = read_annotations(source)
    chosen = sample_images(
        images, fraction=settings.fraction, number=settings.images_per_split, seed=settings.seed
    )
    dropped = {image.id for image in images} - {image.id for image in chosen}
    write_coco_pieces(target, chosen, (cell for cell in annotations if cell.image_id not in dropped))


def sample_images(
    images: list[Image], *, fraction: float = 1.0, number: int | None = None, seed: int = 0
) -> list[Image]:
    """Keep a fraction of the images, the same for each cell type.

    Every image has a place in a queue of its cell type that depends on the seed and its id alone, and a
    subset takes the head of each queue. So a larger subset contains the smaller one, and images that are
    added to the data set do not reshuffle the others.

    Parameters
    ----------
    images
        Of one split.
    fraction
        Fraction of each cell type to keep, in (0, 1]; rounded up, so that no cell type is lost.
    number
        Number of images to keep in all, instead of a fraction. The cell types share it in proportion to
        their size; all images stay when there are fewer.
    seed
        Of the queues.

    Returns
    -------
    list of Image
        In their original order.
    """
    if number is None:
        kept = _fraction(images, fraction, seed)
    else:
        kept = {image.id for image in in_order_of_drawing(images, seed)[:number]}
    return [image for image in images if image.id in kept]


def _fraction(images: list[Image], fraction: float, seed: int) -> set[int]:
    exact = Fraction(str(fraction))  # .07 * 100 is 7.000000000000001, which would round up to 8
    return {image.id for queue in _queues(images, seed) for image in queue[: math.ceil(exact * len(queue))]}


def in_order_of_drawing(images: Sequence[Image], seed: int = 0) -> list[Image]:
    """Return images so that every beginning is drawn as `sample_images` draws: in proportion to the types."""
    places = [
        (Fraction(place, len(queue)), turn, image.id, image)
        for turn, queue in enumerate(_queues(images, seed))
        for place, image in enumerate(queue)
    ]
    return [image for *_, image in sorted(places, key=lambda place: place[:3])]


def _queues(images: Sequence[Image], seed: int) -> list[list[Image]]:
    by_type: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        by_type[cell_type_of(image)].append(image)
    return [sorted(by_type[name], key=lambda image: _place(image, seed)) for name in sorted(by_type)]


def _place(image: Image, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed} {image.id} {image.file_name}".encode(), digest_size=8).digest()
