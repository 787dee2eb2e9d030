"""sample: choose the images to work with, the same ones on every machine."""

from pathlib import Path

from monolayer.annotations.coco import SPLITS
from monolayer.annotations.sampling import SampleSettings, sample_split
from monolayer.parameters import read_parameters, section
from stages.command import run


def sample(annotations: Path, out: Path) -> None:
    """Write the chosen images of each split, with their annotations, as {train,val,test}.json below `out`."""
    settings = section(read_parameters(), "sample", SampleSettings)
    for split in SPLITS:
        sample_split(annotations / f"{split}.json", out / f"{split}.json", settings)


if __name__ == "__main__":
    run(sample)
