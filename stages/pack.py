"""pack: put the images and label images that training needs into flat files."""

from pathlib import Path

from monolayer.compute.code_version import write_code_version
from monolayer.compute.settings import ComputeSettings
from monolayer.parameters import read_parameters, section
from monolayer.training.packing import pack_split
from stages.command import run


def pack(annotations: Path, images: Path, masks: Path, out: Path) -> None:
    """Write {train,val}/{pixels,labels,foreground}.npy and index.json, and code.txt, below `out`."""
    compute = section(read_parameters(), "compute", ComputeSettings)
    for split in ("train", "val"):
        pack_split(annotations, images, masks, split, out / split, compute)
    write_code_version(out)


if __name__ == "__main__":
    run(pack)
