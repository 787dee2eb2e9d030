"""sample: choose the images to work with, the same ones on every machine."""

from pathlib import Path

from monolayer.annotations.coco import SPLITS, read_coco, write_coco
from monolayer.annotations.sampling import SampleSettings, sample_images
from monolayer.parameters import read_parameters, section
from stages.command import run


def sample(annotations: Path, out: Path) -> None:
    """Write the chosen images of each split, with their annotations, as {train,val,test}.json below `out`."""
    settings = section(read_parameters(), "sample", SampleSettings)
    for split in SPLITS:
        coco = read_coco(annotations / f"{split}.json")
        chosen = sample_images(
            coco, fraction=settings.fraction, number=settings.images_per_split, seed=settings.seed
        )
        write_coco(out / f"{split}.json", chosen)


if __name__ == "__main__":
    run(sample)
