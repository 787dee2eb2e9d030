"""A user's own data: a folder of images and COCO annotation files."""

import sys
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field, field_validator

from monolayer.annotations.cell_types import require_name
from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._description import write_description
from monolayer.datasets._findings import Findings
from monolayer.datasets._foreign_categories import (
    CategoryOverlaps,
    chosen_names,
    of_categories,
    require_names_of_cells,
)
from monolayer.datasets._foreign_cells import CROWDS, EMPTY, read_cells
from monolayer.datasets._foreign_coco import ForeignAnnotation, ForeignCoco, read_foreign_coco
from monolayer.datasets._foreign_images import (
    Listed,
    describe_images,
    locate,
    read_shapes,
    require_files,
    require_sizes,
)
from monolayer.datasets._own import OwnDataSettings
from monolayer.datasets._splits import SPLITS, Split
from monolayer.download.disk import copy_images
from monolayer.errors import InputError
from monolayer.images.folder import ImageFolder


class Settings(OwnDataSettings):
    """Where the images and annotations are, and what they are."""

    images_without_annotations: Literal["unannotated", "empty"] = "unannotated"
    """What a listed image without annotations is: one that nobody has annotated, which the cleaning removes,
    or one without cells, which stays, so that cells that are predicted there count as false ones."""
    images: str
    """Folder that holds the images, in any sub-folders."""
    annotations: str | dict[Split, str]
    """One COCO file, divided by `split`, or one for each of train, val and test. Crowd regions
    (``iscrowd: 1`` on several connected regions) are no cells and are left out, which dataset.json counts."""
    categories: list[str | int] | None = Field(default=None, min_length=1)
    """Names or ids of the categories that are cells. None takes all, where they are alike: a category such as
    background, or one that lies on another, as nuclei on cells, is asked about."""

    @field_validator("annotations")
    @classmethod
    def _three_files(cls, value: str | dict[Split, str]) -> str | dict[Split, str]:
        if isinstance(value, dict) and set(value) != set(SPLITS):
            raise ValueError("give one file, or one for each of train, val and test")
        return value


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Copy the annotated images and write their annotations in LIVECell's layout.

    Parameters
    ----------
    settings
        Where the data are.
    folder
        Gets ``images/`` with the listed images under their own relative paths,
        ``annotations/{train,val,test}.json`` and ``dataset.json``. Listed images without a file stay in the
        annotations; the deduplicate stage reports them.
    scratch
        Not used.
    compute
        Where the work over images runs.

    Raises
    ------
    InputError
        The folder or a file is missing, an annotation file is not in COCO's form or contradicts itself, it is
        not plain which categories are cells, names of images are ambiguous, a split is empty, no listed image
        has a file, or the disk has no room.
    """
    require_name(settings.cell_type, "params.yaml")
    source = _image_folder(settings.images)
    contents = _read_splits(settings)
    for split, content in contents.items():
        if not content.images:
            raise InputError(f"split {split} is empty: correct its annotation file, or `split` and `images`")
    _select_categories(contents.values(), settings.categories)
    listed = _locate(contents, source, drawn=isinstance(settings.annotations, str))
    paths = sorted({item.path for own in listed.values() for item in own if item.path})
    shapes = read_shapes(paths, settings.part, compute)
    findings = Findings()
    overlaps = CategoryOverlaps()
    splits = {}
    for split, content in contents.items():
        require_sizes(listed[split], shapes, content.path)
        images = describe_images(listed[split], shapes, source, split, settings.cell_type, content.path)
        splits[split] = _completed(_convert(content, images, findings, overlaps), content, settings)
    _require_pixels(findings, contents.values())
    if settings.categories is None:
        overlaps.require_apart()
    findings.say()
    folder.mkdir(parents=True, exist_ok=True)
    copy_images(paths, source.root, folder / "images")
    for split, coco in splits.items():
        write_coco(folder / "annotations" / f"{split}.json", coco)
    write_description(folder, settings.description(settings.images, findings.counts[CROWDS]))


def _image_folder(images: str) -> ImageFolder:
    root = Path(images)
    if not root.is_dir():
        raise InputError(f"images: {root.absolute()} is no folder: give the folder that holds the images")
    return ImageFolder(root)


def _read_splits(settings: Settings) -> dict[Split, ForeignCoco]:
    if isinstance(settings.annotations, dict):
        return {split: read_foreign_coco(Path(settings.annotations[split])) for split in SPLITS}
    whole = read_foreign_coco(Path(settings.annotations))
    names = [image.file_name for image in whole.images]
    parts = settings.divide(names, [image.cell_type or "" for image in whole.images])
    return {split: _subset(whole, positions) for split, positions in parts.items()}


def _subset(whole: ForeignCoco, positions: list[int]) -> ForeignCoco:
    images = [whole.images[position] for position in positions]
    ids = {image.id for image in images}
    annotations = [annotation for annotation in whole.annotations if annotation.image_id in ids]
    return ForeignCoco(images, annotations, whole.categories, whole.path)


def _select_categories(contents: Collection[ForeignCoco], categories: list[str | int] | None) -> None:
    """Remove the annotations that are of no cells."""
    if categories is None:
        require_names_of_cells(contents)
        return
    names = chosen_names(categories, contents)
    others: Counter[str] = Counter()
    for content in contents:
        content.annotations, left_out = of_categories(content, names)
        others.update(map(content.category_of, left_out))
    if others:
        numbers = ", ".join(f"{name} {count}" for name, count in others.most_common())
        print(
            f"download: {others.total()} annotations of other categories were left out ({numbers})",
            file=sys.stderr,
        )


def _locate(
    contents: Mapping[Split, ForeignCoco], source: ImageFolder, drawn: bool
) -> dict[Split, list[Listed]]:
    # Where the splits are drawn, a folder named after a split says nothing of which file is meant.
    listed = {split: locate(content, source, None if drawn else split) for split, content in contents.items()}
    require_files((item for own in listed.values() for item in own), source)
    return listed


def _convert(
    content: ForeignCoco, images: Mapping[int, Image], findings: Findings, overlaps: CategoryOverlaps
) -> Coco:
    by_image: dict[int, list[ForeignAnnotation]] = {number: [] for number in images}
    for annotation in content.annotations:
        by_image[annotation.image_id].append(annotation)
    cells: dict[int, Annotation] = {}
    for number, image in images.items():
        own = by_image[number]
        try:
            drawn = read_cells(own, image, findings)
        except InputError as error:
            raise InputError(f"{content.path}: {error}") from None
        overlaps.add([content.category_of(item) for item in own], drawn.runs, image.height, image.width)
        cells |= {cell.id: cell for cell in drawn.annotations}
    # In the order of the file.
    return Coco(list(images.values()), [cells[item.id] for item in content.annotations if item.id in cells])


def _completed(coco: Coco, content: ForeignCoco, settings: Settings) -> Coco:
    """Return a split whose images know their recordings, and whether they were found to have no cell."""
    images = settings.completed(coco.images)
    if settings.images_without_annotations == "empty":
        annotated = {annotation.image_id for annotation in content.annotations}  # crowds are no emptiness
        images = [msgspec.structs.replace(image, empty=image.id not in annotated) for image in images]
    return Coco(images, coco.annotations)


def _require_pixels(findings: Findings, contents: Collection[ForeignCoco]) -> None:
    annotations, empty = sum(len(content.annotations) for content in contents), findings.counts[EMPTY]
    if empty > annotations / 2:
        raise InputError(
            f"{empty} of {annotations} {EMPTY}, such as {findings.example(EMPTY)}: give each cell as "
            "polygons [[x0, y0, x1, y1, x2, y2, ...]] in pixels of the image. [[x, y, width, height]] is a "
            "box and no outline"
        )
