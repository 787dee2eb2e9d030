"""masks: draw the annotations as label images and as foreground masks."""

from pathlib import Path

from monolayer.annotations.coco import SPLITS
from monolayer.annotations.label_images import MaskSettings
from monolayer.compute.code_version import write_code_version
from monolayer.compute.settings import ComputeSettings
from monolayer.images.mask_files import write_mask_files
from monolayer.parameters import read_parameters, section
from stages.command import run


def masks(annotations: Path, out: Path) -> None:
    """Write instance/{split}/<image id>.tif, semantic/{split}/<image id>.png and code.txt below `out`."""
    parameters = read_parameters()
    settings = section(parameters, "masks", MaskSettings)
    compute = section(parameters, "compute", ComputeSettings)
    for split in SPLITS:
        write_mask_files(annotations / f"{split}.json", out, split, settings, compute)
    write_code_version(out)


if __name__ == "__main__":
    run(masks)
