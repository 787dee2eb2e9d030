"""The one pass over the images: all that the checks need to know of each, read once."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from monolayer.annotations.coco import Image, Segmentation
from monolayer.annotations.coco_pieces import read_images
from monolayer.annotations.grouping import cells_by_image
from monolayer.annotations.rasterise import CellRuns, union
from monolayer.cleaning.completeness import Coverage, annotation_coverage
from monolayer.cleaning.contours import Fault, check_contours
from monolayer.cleaning.fingerprint import NO_SIGNS, fingerprint
from monolayer.cleaning.local_features import NO_FEATURES, Features, local_features
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.texture import local_variance
from monolayer.cleaning.thumbnails import NO_THUMBNAIL, Thumbnail, thumbnail
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.files import GreyImage, read_grey_image
from monolayer.images.folder import ImageFolder
from monolayer.images.grey import Limits


class Survey(NamedTuple):
    """What one pass found out about an image of a split."""

    split: str
    image: Image
    path: Path | None
    """None where the file is missing."""
    digest: bytes | None
    """Equal for equal decoded pixels; None where the file is missing or unreadable."""
    signs: np.ndarray
    """int8 [16, 16]: the perceptual hash; zeros, which match nothing, where there are no pixels."""
    annotation_ids: list[int]
    faults: list[Fault]
    coverage: Coverage | None
    """None without pixels or without a sound annotation."""
    problem: str = ""
    """Why the file is unreadable."""
    features: Features = NO_FEATURES
    """Local features: what tells overlapping tiles of one field."""
    thumbnail: Thumbnail = NO_THUMBNAIL
    """What tells most different images apart without reading them again."""
    limits: Limits | None = None
    """The values of the file that are the grey levels 0 and 255; None of 8 bits."""
    not_finite: int = 0
    """Pixels that are not a number or infinite."""

    @property
    def sound_annotations(self) -> int:
        """Number of annotations without a fault."""
        return len(self.annotation_ids) - len(self.faults)


class _Task(NamedTuple):
    split: str
    image: Image
    path: Path | None
    annotation_ids: list[int]
    segmentations: bytes


_SEGMENTATIONS = msgspec.json.Decoder(list[Segmentation])


def survey_split(
    annotations: Path, split: str, folder: ImageFolder, settings: CleaningSettings, compute: ComputeSettings
) -> list[Survey]:
    """Look at every image of a split's annotation file and at its annotations; in the order of the images.

    Raises
    ------
    InputError
        A file name is ambiguous, or a segmentation is neither polygons nor a run-length code.
    """
    surveys = map_parallel(partial(survey_image, settings), _tasks(annotations, split, folder), compute)
    position = {image.id: number for number, image in enumerate(read_images(annotations))}
    return sorted(surveys, key=lambda survey: position[survey.image.id])


def _tasks(annotations: Path, split: str, folder: ImageFolder) -> Iterator[_Task]:
    for image, ids, segmentations in cells_by_image(annotations):
        yield _Task(split, image, folder.find(image.file_name, split), ids, segmentations)


def survey_image(settings: CleaningSettings, task: _Task) -> Survey:
    """Read and measure one image; an unreadable one has no pixels."""
    faults, runs = _check(task, settings)
    read, problem = _read(task)
    if read is None:
        return Survey(*task[:3], None, NO_SIGNS, task.annotation_ids, faults, None, problem)
    image = read.levels
    variance = local_variance(image)
    coverage = annotation_coverage(variance, union(runs, *image.shape)) if len(runs.start) else None
    signs, features = appearance(image, variance)
    return Survey(
        *task[:3],
        digest(image),
        signs,
        task.annotation_ids,
        faults,
        coverage,
        features=features,
        thumbnail=thumbnail(image),
        limits=read.limits,
        not_finite=read.not_finite,
    )


def appearance(image: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, Features]:
    """Return the perceptual hash and the local features of an image [H, W] with its `local_variance`.

    A small image is enlarged first, so that its blocks of pixels do not swallow what a copy leaves of it.
    """
    factor = next((factor for side, factor in _SMALL.items() if min(image.shape) <= side), 1)
    if factor == 1:
        return fingerprint(variance), local_features(image)
    large = image.repeat(factor, axis=0).repeat(factor, axis=1)
    features = local_features(large)
    return fingerprint(local_variance(large)), features._replace(places=features.places // factor)


_SMALL = {90: 4, 180: 2}
"""By how much an image is enlarged whose shorter side has so many pixels at most: no usual sides, so that
cropping does not take an image from one to another."""


def digest(image: np.ndarray) -> bytes:
    """Condense pixels and shape into 20 bytes (BLAKE2b)."""
    condensed = hashlib.blake2b(repr(image.shape).encode(), digest_size=20)
    condensed.update(np.ascontiguousarray(image).data)
    return condensed.digest()


def _check(task: _Task, settings: CleaningSettings) -> tuple[list[Fault], CellRuns]:
    try:
        segmentations = _SEGMENTATIONS.decode(task.segmentations)
        return check_contours(
            segmentations, task.annotation_ids, task.image.height, task.image.width, settings
        )
    except (msgspec.ValidationError, InputError) as error:
        raise InputError(
            f"{task.image.file_name} of split {task.split} has a segmentation that cannot be used: {error}"
        ) from None


def _read(task: _Task) -> tuple[GreyImage | None, str]:
    if task.path is None:
        return None, ""
    try:
        return read_grey_image(task.path, task.image), ""
    except InputError as error:
        return None, str(error)
