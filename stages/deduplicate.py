"""deduplicate: remove copies, leaks between splits, and faulty or incomplete annotations."""

import sys
from pathlib import Path

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.parameters import read_parameters, section
from stages.command import run


def deduplicate(sampled: Path, images: Path, out: Path, metrics: Path) -> None:
    """Write {train,val,test}.json and removed.csv below `out`, and the counts to `metrics`."""
    parameters = read_parameters()
    settings = section(parameters, "deduplicate", CleaningSettings)
    compute = section(parameters, "compute", ComputeSettings)
    for problem in clean_splits(sampled, images, out, metrics, settings, compute):
        print(f"deduplicate: {problem}", file=sys.stderr)


if __name__ == "__main__":
    run(deduplicate)
