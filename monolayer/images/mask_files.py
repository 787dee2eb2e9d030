"""Mask files: a label image and a foreground mask for each image of a split."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from monolayer.annotations.grouping import cells_by_image
from monolayer.annotations.label_images import MaskSettings, label_image
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import write_mask, write_tiff


def write_mask_files(
    annotations: Path, out: Path, split: str, settings: MaskSettings, compute: ComputeSettings
) -> None:
    """Write instance/{split}/<image id>.tif and semantic/{split}/<image id>.png below `out`.

    `annotations` is the split's file. The label image is uint16, or uint32 of more than 65,535 cells, with 0
    as background, the foreground mask uint8 with 0 and 255.
    """
    for kind in ("instance", "semantic"):
        (out / kind / split).mkdir(parents=True, exist_ok=True)
    draw = partial(_draw, drop_covered=settings.drop_covered)
    map_parallel(draw, _tasks(annotations, out, split), compute)


class _Task(NamedTuple):
    """One image's part of the work, light enough to travel to another process."""

    instance: Path
    semantic: Path
    segmentations: bytes
    height: int
    width: int


def _tasks(annotations: Path, out: Path, split: str) -> Iterator[_Task]:
    for image, _, segmentations in cells_by_image(annotations):
        yield _Task(
            instance=out / "instance" / split / f"{image.id}.tif",
            semantic=out / "semantic" / split / f"{image.id}.png",
            segmentations=segmentations,
            height=image.height,
            width=image.width,
        )


_SEGMENTATIONS = msgspec.json.Decoder(list[msgspec.Raw])


def _draw(task: _Task, drop_covered: float) -> None:
    segmentations = _SEGMENTATIONS.decode(task.segmentations)
    labels = label_image(segmentations, task.height, task.width, drop_covered)
    write_tiff(task.instance, labels)
    write_mask(task.semantic, labels > 0)
