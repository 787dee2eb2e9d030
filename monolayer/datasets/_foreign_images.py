"""The images that a COCO file lists: their files and sizes."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from monolayer.annotations.cell_types import require_name
from monolayer.annotations.coco import Image
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._foreign_coco import ForeignCoco, ForeignImage
from monolayer.datasets._own import Part
from monolayer.errors import InputError
from monolayer.images.files import read_channel
from monolayer.images.folder import ImageFolder
from monolayer.images.planes import UnclearPlaneError


class Listed(NamedTuple):
    """An image of a COCO file, and its file."""

    image: ForeignImage
    path: Path | None
    """None where there is none."""


def locate(content: ForeignCoco, source: ImageFolder, split: str | None) -> list[Listed]:
    """Find the file of each image; `split` tells which of several of one name is meant.

    Raises
    ------
    InputError
        A name is ambiguous, or leads out of the folder.
    """
    try:
        return [Listed(image, source.find(image.file_name, split)) for image in content.images]
    except InputError as error:
        raise InputError(f"{content.path}: {error}") from None


def require_files(listed: Iterable[Listed], source: ImageFolder) -> None:
    """Say which images have no file, and make sure that some have one, and no two of other names the same.

    Raises
    ------
    InputError
        None has a file, or two names lead to one.
    """
    listed = list(listed)
    missing = [item.image.file_name for item in listed if item.path is None]
    if len(missing) == len(listed):
        raise InputError(
            f"none of the listed images, such as {missing[0]}, is below {source.root}: correct `images`"
        )
    if missing:
        print(
            f"download: {len(missing)} of {len(listed)} listed images have no file below {source.root}, "
            f"such as {missing[0]}",
            file=sys.stderr,
        )
    names: dict[Path, str] = {}
    for image, path in listed:
        if path is not None:
            first = names.setdefault(path, image.file_name)
            if source.normalised(first) != source.normalised(image.file_name):
                raise InputError(
                    f"the images {first} and {image.file_name} lead to one file, {path}: give a folder that "
                    "holds both, or remove one of them and its annotations"
                )


Shapes = Mapping[Path, tuple[int, int] | InputError]
"""Height and width of each file in pixels, or why it cannot be read."""


def read_shapes(paths: Sequence[Path], part: Part, compute: ComputeSettings) -> Shapes:
    """Read the sizes of image files.

    Parameters
    ----------
    paths
        Of the files.
    part
        What is read of a file that holds more.
    compute
        Where the work runs.

    Raises
    ------
    UnclearPlaneError
        A file holds several planes or channels, and `part` does not say which is meant.
    """
    return dict(zip(paths, map_parallel(partial(_shape, part=part), paths, compute), strict=True))


def _shape(path: Path, part: Part) -> tuple[int, int] | InputError:
    try:
        height, width = read_channel(path, *part).shape
    except UnclearPlaneError:
        raise
    except InputError as error:  # which the cleaning reports, where the size is known
        return error
    return height, width


def require_sizes(listed: Iterable[Listed], shapes: Shapes, where: Path) -> None:
    """Make sure that width and height are not exchanged.

    Raises
    ------
    InputError
        They are.
    """
    for image, path in listed:
        width, height = image.width, image.height
        if width != height and path is not None and shapes[path] == (width, height):
            raise InputError(
                f"{where}: image {image.id} has width {width} and height {height}, but {path} is {height} "
                f"wide and {width} high: exchange `width` and `height`"
            )


def describe_images(
    listed: Iterable[Listed], shapes: Shapes, source: ImageFolder, split: str, cell_type: str, where: Path
) -> Mapping[int, Image]:
    """Return the images by id, with the path below the folder, which is never ambiguous, and a size.

    Parameters
    ----------
    listed
        A missing size, or one of 0, is that of the file.
    shapes
        Of the files, as `read_shapes` reads them.
    source, split
        Where and of which split they are.
    cell_type
        Of images that have none of their own.
    where
        Their COCO file, for errors.

    Raises
    ------
    InputError
        An image has neither size nor a file that can be read, or its cell type is no name.
    """
    return {item.image.id: _describe(item, shapes, source, split, cell_type, where) for item in listed}


def _describe(
    item: Listed, shapes: Shapes, source: ImageFolder, split: str, cell_type: str, where: Path
) -> Image:
    image, path = item
    require_name(image.cell_type or "", f"{where}: image {image.id}")
    width, height = image.width or 0, image.height or 0
    if width <= 0 or height <= 0:
        if path is None:
            raise InputError(
                f"{image.file_name} of split {split} is not below {source.root}, and {where} does not give "
                "its width and height: add the file or the size"
            )
        shape = shapes[path]
        if isinstance(shape, InputError):
            raise shape
        height, width = shape
    name = path.relative_to(source.root).as_posix() if path else image.file_name
    return Image(image.id, name, width, height, image.cell_type or cell_type)
