"""LIVECell's file names: ``<cell type>_Phase_<well>_<location>_<time>_<crop>.tif``."""

import re
from typing import NamedTuple

_GRAMMAR = re.compile(
    r"(?P<cell_type>[^_/\\.][^_/\\]*)_Phase_(?P<well>[A-Z]\d+)_(?P<location>\d+)"
    r"_(?P<days>\d{2})d(?P<hours>\d{2})h(?P<minutes>\d{2})m_(?P<crop>\d+)\.\w+$"
)


class LivecellName(NamedTuple):
    """What a LIVECell file name says of its image."""

    cell_type: str
    well: str
    location: int
    minutes: int
    """Time since the start of the recording, in minutes."""
    crop: int

    @property
    def field_of_view(self) -> tuple[str, str, int]:
        """Cell type, well and location: all times and crops of one place in one well."""
        return self.cell_type, self.well, self.location


def parse(file_name: str) -> LivecellName | None:
    """Read a file name, or return None where it does not follow LIVECell's grammar.

    >>> parse("A172_Phase_C7_1_02d16h00m_2.tif")
    LivecellName(cell_type='A172', well='C7', location=1, minutes=3840, crop=2)
    >>> parse("nuclei_01.png") is None
    True
    """
    match = _GRAMMAR.search(file_name)
    if match is None:
        return None
    days, hours, minutes = (int(match[unit]) for unit in ("days", "hours", "minutes"))
    return LivecellName(
        cell_type=match["cell_type"],
        well=match["well"],
        location=int(match["location"]),
        minutes=(days * 24 + hours) * 60 + minutes,
        crop=int(match["crop"]),
    )


def write(name: LivecellName) -> str:
    """Write a name as LIVECell does; the inverse of `parse`.

    >>> write(LivecellName("A172", "C7", 1, 3840, 2))
    'A172_Phase_C7_1_02d16h00m_2.tif'
    """
    days, rest = divmod(name.minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    time = f"{days:02d}d{hours:02d}h{minutes:02d}m"
    return f"{name.cell_type}_Phase_{name.well}_{name.location}_{time}_{name.crop}.tif"
