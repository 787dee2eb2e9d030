"""deduplicate: remove copies, leaks between splits, and faulty or incomplete annotations."""

import shutil
from pathlib import Path

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from stages.command import run


def deduplicate(sampled: Path, images: Path, out: Path, metrics: Path, total_removed: Path) -> None:
    """Write {train,val,test}.json and removed.csv below `out`, the counts to `metrics`, and their sum.

    The splits that are scored before the cleaning, too, stay as they came in ``raw/{val,test}.json``.
    """
    parameters = read_parameters()
    settings = section(parameters, "deduplicate", CleaningSettings)
    compute = section(parameters, "compute", ComputeSettings)
    removals = clean_splits(sampled, images, out, metrics, settings, compute)
    (out / "raw").mkdir(exist_ok=True)
    for split in ("val", "test"):
        shutil.copyfile(sampled / f"{split}.json", out / "raw" / f"{split}.json")
    write_metrics(total_removed, {"total": len(removals)})


if __name__ == "__main__":
    run(deduplicate)
