"""Label images turned into COCO annotations."""

from pathlib import Path

import msgspec
import numpy as np

from monolayer.annotations.coco import Annotation
from monolayer.annotations.rasterise import CellRuns, label_runs
from monolayer.images.files import read_image
from monolayer.images.label_files import read_label_image
from monolayer.predictions.cells import Cells, encode_cells


class LabelledImage(msgspec.Struct):
    """Size of an image, and its cells; light enough to travel to another process."""

    height: int
    width: int
    annotations: list[Annotation]
    """Numbered from 0 on, of image 0: see `numbered`."""


def read_labelled(image: Path, labels: Path, remedy: str) -> LabelledImage:
    """Read an image's size and its cells.

    Parameters
    ----------
    image, labels
        The image and its label image; errors as those of `read_image` and `read_label_image`.
    remedy
        What is to be done where the label image is none.
    """
    shape = read_image(image).shape
    height, width = shape
    return LabelledImage(
        height, width, annotations_of_labels(read_label_image(labels, (height, width), remedy))
    )


def annotations_of_labels(labels: np.ndarray) -> list[Annotation]:
    """Return the cells of a label image, integers [H, W], as run-length codes, in the order of their labels.

    >>> [cell] = annotations_of_labels(np.array([[0, 7], [0, 7]]))
    >>> cell.area, bytes(cell.bbox), bytes(cell.segmentation)
    (2.0, b'[1,0,1,2]', b'{"size":[2,2],"counts":"22"}')
    """
    numbers, cells = np.unique(labels, return_inverse=True)
    cells = cells.reshape(labels.shape) + (0 if (numbers[:1] == 0).all() else 1)
    return annotations_of_cells(label_runs(cells), int(np.count_nonzero(numbers)), *labels.shape)


def annotations_of_cells(runs: CellRuns, count: int, height: int, width: int) -> list[Annotation]:
    """Return cells as run-length codes, numbered from 0 on, of image 0.

    Parameters
    ----------
    runs
        Of `count` cells, each with at least one pixel.
    count
        Number of cells.
    height, width
        Size of the image in pixels.
    """
    codes = encode_cells(Cells(runs, np.ones(count)), height, width)
    boxes, areas = runs.boxes(height).tolist() if count else [], runs.areas(count).tolist()
    return [
        Annotation(
            id=number,
            image_id=0,
            segmentation=msgspec.Raw(
                msgspec.json.encode({"size": code["size"], "counts": code["counts"].decode("ascii")})
            ),
            area=float(area),
            bbox=msgspec.Raw(msgspec.json.encode(box)),
        )
        for number, (code, area, box) in enumerate(zip(codes, areas, boxes, strict=True))
    ]


def numbered(annotations: list[Annotation], image_id: int, first: int) -> list[Annotation]:
    """Return annotations as those of an image, with ids from `first` on."""
    return [
        msgspec.structs.replace(annotation, id=first + number, image_id=image_id)
        for number, annotation in enumerate(annotations)
    ]
