"""download: bring the chosen data set into LIVECell's layout."""

from pathlib import Path

from monolayer.datasets._settings import selected_dataset
from monolayer.parameters import read_parameters
from stages.command import run


def download(raw: Path, scratch: Path) -> None:
    """Write images/, annotations/ and dataset.json below `raw`; unfinished downloads wait in `scratch`."""
    source, settings = selected_dataset(read_parameters())
    source.download(settings, raw, scratch)


if __name__ == "__main__":
    run(download)
