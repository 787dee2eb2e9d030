"""From a COCO file's annotations to cells: drawn, measured, and told from crowds."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from scipy import ndimage

from monolayer.annotations.coco import Annotation, Image, Segmentation
from monolayer.annotations.rasterise import CellRuns, draw
from monolayer.datasets._findings import Findings
from monolayer.datasets._foreign_coco import ForeignAnnotation
from monolayer.datasets._foreign_segmentations import is_box, read_segmentation
from monolayer.errors import InputError

CROWDS = "annotations are crowd regions (`iscrowd`: 1 on several regions) and were left out"
BRUSH = "annotations have `iscrowd`: 1 on one connected region, as CVAT's brush masks, and count as cells"
EMPTY = "annotations cover no pixel of their image"
OTHER_AREA = "annotations have another `area` than the pixels drawn, which are used instead"


class Cells(NamedTuple):
    """The cells of one image."""

    annotations: list[Annotation]
    runs: CellRuns
    """Of all that the file annotates, crowds too."""


def read_cells(annotations: Sequence[ForeignAnnotation], image: Image, findings: Findings) -> Cells:
    """Draw an image's annotations, and return those that are cells.

    Parameters
    ----------
    annotations
        Of the image. An ``iscrowd`` of 1 is taken for a crowd where it has several connected regions: CVAT
        writes it for everything that was drawn with the brush.
    image
        Its size decides how they are drawn.
    findings
        Is told of crowds, brush masks, annotations without a pixel, and areas that contradict the pixels.

    Returns
    -------
    Cells
        Areas are the numbers of pixels drawn, whatever the file says; bounding boxes are those of the file,
        or of the pixels where it has none.

    Raises
    ------
    InputError
        A segmentation is none, or its run-length code does not fit the image; begins with the annotation's
        id.
    """
    outlines = [_segmentation(annotation, image) for annotation in annotations]
    runs = _draw([segmentation for segmentation, _ in outlines], annotations, image)
    areas = runs.areas(len(annotations))
    boxes = iter(runs.boxes(image.height).tolist() if len(runs.cell) else ())
    cells = []
    for number, (annotation, (_, raw)) in enumerate(zip(annotations, outlines, strict=True)):
        area, box = int(areas[number]), next(boxes) if areas[number] else [0, 0, 0, 0]
        example = f"annotation {annotation.id} of {image.file_name}"
        if not area:
            findings.add(EMPTY, example)
        elif _contradicts(annotation.area, area, box):
            findings.add(OTHER_AREA, f"{annotation.area} for {area} in {example}")
        if annotation.iscrowd:
            is_cell = _is_one_region(runs, number, image.height)
            findings.add(BRUSH if is_cell else CROWDS, example)
            if not is_cell:
                continue
        bbox = msgspec.Raw(msgspec.json.encode(annotation.bbox if is_box(annotation.bbox) else box))
        cells.append(Annotation(annotation.id, image.id, raw, float(area), bbox))
    return Cells(cells, runs)


def _segmentation(annotation: ForeignAnnotation, image: Image) -> tuple[Segmentation, msgspec.Raw]:
    try:
        return read_segmentation(annotation, image)
    except InputError as error:
        raise InputError(f"segmentation of annotation {annotation.id}: {error}") from None


def _draw(
    segmentations: Sequence[Segmentation], annotations: Sequence[ForeignAnnotation], image: Image
) -> CellRuns:
    try:
        return draw(segmentations, image.height, image.width)
    except InputError:
        for segmentation, annotation in zip(segmentations, annotations, strict=True):
            try:
                draw([segmentation], image.height, image.width)
            except InputError as error:
                raise InputError(f"segmentation of annotation {annotation.id}: {error}") from None
        raise


def _contradicts(given: Any, area: int, box: Sequence[int]) -> bool:
    """Return whether a file's area is another than that of the pixels, beyond half a pixel along a box.

    >>> _contradicts(15.5, 16, (2, 1, 4, 4)), _contradicts(32, 16, (2, 1, 4, 4)), _contradicts("", 16, ())
    (False, True, False)
    """
    known = isinstance(given, (int, float)) and math.isfinite(given)
    return known and abs(given - area) > max(0.1 * area, box[2] + box[3])


def _is_one_region(runs: CellRuns, number: int, height: int) -> bool:
    """Return whether the pixels of a cell are connected, by edges or corners."""
    own = slice(*np.searchsorted(runs.cell, [number, number + 1]))
    column, row = np.divmod(CellRuns(*(plane[own] for plane in runs)).pixels()[0], height)
    if not len(row):
        return False
    mask = np.zeros((np.ptp(row) + 1, np.ptp(column) + 1), dtype=bool)
    mask[row - row.min(), column - column.min()] = True
    return int(ndimage.label(mask, np.ones((3, 3)))[1]) == 1
