"""Label images turned into COCO annotations."""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from monolayer.annotations.coco import Annotation, Image
from monolayer.annotations.rasterise import CellRuns, label_runs
from monolayer.datasets._label_checks import doubt, is_foreground_mask, parts_as_labels
from monolayer.errors import InputError
from monolayer.images.label_files import read_label_image
from monolayer.predictions.cells import Cells, encode_cells


class LabelledImage(msgspec.Struct):
    """Size of an image, and its cells; light enough to travel to another process."""

    height: int
    width: int
    annotations: list[Annotation]
    """Numbered from 0 on, of image 0: see `numbered`."""
    doubt: str = ""
    """What speaks against the label image; see `monolayer.datasets._label_checks.doubt`."""

    def described(self, image: Image) -> Image:
        """Return an image with its size; one without cells is declared empty, if all of it is annotated."""
        empty = not self.annotations and image.truth == "complete"
        return msgspec.structs.replace(image, height=self.height, width=self.width, empty=empty)


ForegroundMasks = Literal["refuse", "connected"]
"""What is made of masks that tell foreground from background alone: an error, or their connected parts."""


def read_labelled(labels: Path, shape: tuple[int, int], remedy: str, masks: ForegroundMasks) -> LabelledImage:
    """Read an image's cells.

    Parameters
    ----------
    labels, shape, remedy
        Its label image; parameters and errors as those of `read_label_image`.
    masks
        What is made of a foreground mask.

    Raises
    ------
    InputError
        The label image is a foreground mask, which is to be refused.
    """
    drawn = read_label_image(labels, shape, remedy)
    if is_foreground_mask(drawn):
        if masks == "refuse":
            raise InputError(
                f"{labels} has one label, {int(drawn.max())}, for all cells, so it is a foreground mask and "
                "does not say where one cell ends and the next begins: give each cell its own number, or set "
                "`foreground_masks: connected`, which takes each connected part for a cell"
            )
        drawn = parts_as_labels(drawn)
    return LabelledImage(*shape, annotations_of_labels(drawn), doubt(drawn))


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
