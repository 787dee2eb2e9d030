"""download: bring the chosen data set into LIVECell's layout."""

from pathlib import Path

from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._settings import selected_dataset
from monolayer.parameters import read_parameters, section
from stages.command import run


def download(raw: Path, scratch: Path) -> None:
    """Write images/, annotations/ and dataset.json below `raw`; unfinished downloads wait in `scratch`."""
    parameters = read_parameters()
    source, settings = selected_dataset(parameters)
    compute = section(parameters, "compute", ComputeSettings)
    source.download(settings, raw, scratch, compute)


if __name__ == "__main__":
    run(download)
