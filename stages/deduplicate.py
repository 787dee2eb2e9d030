"""deduplicate: remove copies, leaks between splits, and faulty or incomplete annotations."""

import sys
from pathlib import Path

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from stages.command import run


def deduplicate(sampled: Path, images: Path, out: Path, metrics: Path, total_removed: Path) -> None:
    """Write {train,val,test}.json and removed.csv below `out`, the counts to `metrics`, and their sum."""
    parameters = read_parameters()
    settings = section(parameters, "deduplicate", CleaningSettings)
    compute = section(parameters, "compute", ComputeSettings)
    cleaned = clean_splits(sampled, images, out, metrics, settings, compute)
    write_metrics(total_removed, {"total": len(cleaned.removals)})
    for problem in cleaned.problems:
        print(f"deduplicate: {problem}", file=sys.stderr)


if __name__ == "__main__":
    run(deduplicate)
