"""dataset.json: what the data are, whose they are, and from which files they came."""

from pathlib import Path

import msgspec


class SourceFile(msgspec.Struct):
    """One file that a source read."""

    file: str
    """As the source calls it."""
    bytes: int
    sha256: str


class Description(msgspec.Struct, omit_defaults=True):
    """What every source writes of its data. No dates: the same data give the same file."""

    name: str
    licence: str
    citation: str
    source: str
    """Where the data came from."""
    files: list[SourceFile] = []
    crowd_regions_left_out: int = 0


def write_description(folder: Path, description: Description) -> None:
    """Write dataset.json into a data set's folder."""
    text = msgspec.json.format(msgspec.json.encode(description), indent=2)
    (folder / "dataset.json").write_bytes(text + b"\n")
