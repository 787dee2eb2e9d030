"""masks: draw the annotations as label images and as foreground masks."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from monolayer.coco import SPLITS, annotations_by_image, read_coco
from monolayer.images import write_mask, write_tiff
from monolayer.masks import MaskSettings, label_image
from monolayer.parallel import ComputeSettings, map_parallel
from monolayer.parameters import read_parameters, section
from stages.command import run


class MaskTask(NamedTuple):
    """One image's part of the work, light enough to travel to another process."""

    instance: Path
    semantic: Path
    segmentations: list[bytes]
    height: int
    width: int


def masks(annotations: Path, out: Path) -> None:
    """Write instance/{split}/<image id>.tif and semantic/{split}/<image id>.png below `out`."""
    parameters = read_parameters()
    settings = section(parameters, "masks", MaskSettings)
    compute = section(parameters, "compute", ComputeSettings)
    for split in SPLITS:
        for kind in ("instance", "semantic"):
            (out / kind / split).mkdir(parents=True, exist_ok=True)
        draw = partial(write_masks, drop_covered=settings.drop_covered)
        map_parallel(draw, _tasks(annotations / f"{split}.json", out, split), compute)


def _tasks(annotations: Path, out: Path, split: str) -> Iterator[MaskTask]:
    coco = read_coco(annotations)
    groups = annotations_by_image(coco)
    for image in coco.images:
        yield MaskTask(
            instance=out / "instance" / split / f"{image.id}.tif",
            semantic=out / "semantic" / split / f"{image.id}.png",
            segmentations=[bytes(annotation.segmentation) for annotation in groups[image.id]],
            height=image.height,
            width=image.width,
        )


def write_masks(task: MaskTask, drop_covered: float) -> None:
    """Draw one image's annotations and write both files."""
    segmentations = [msgspec.Raw(text) for text in task.segmentations]
    labels = label_image(segmentations, task.height, task.width, drop_covered)
    write_tiff(task.instance, labels)
    write_mask(task.semantic, labels > 0)


if __name__ == "__main__":
    run(masks)
