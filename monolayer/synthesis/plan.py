"""Which fields of view are imaged when, and for which split: LIVECell's design in small.

Train and val come from the same wells, often from the same field at another time; test has its own wells.
"""

from typing import NamedTuple

from monolayer.annotations.livecell_names import LivecellName, write

STEP_MINUTES = 4 * 60
LAST_STEP = 18
_ROWS = {"train_val": "ABC", "test": "EFG"}
_SPARE_ROWS = {"train_val": "D", "test": "H"}
_LATE_STEP = 13


class PlannedImage(NamedTuple):
    """One image to be taken."""

    split: str
    cell_type: str
    well: str
    location: int
    crop: int
    minutes: int

    @property
    def field(self) -> str:
        """The field of view, all of whose images show the same cells."""
        return f"{self.cell_type}_{self.well}_{self.location}_{self.crop}"

    @property
    def file_name(self) -> str:
        """The image's name in LIVECell's grammar."""
        return write(LivecellName(self.cell_type, self.well, self.location, self.minutes, self.crop))


def plan_images(cell_types: list[str], train: int, val: int, test: int) -> list[PlannedImage]:
    """Plan `train`, `val` and `test` images of each cell type.

    >>> [(planned.split, planned.file_name) for planned in plan_images(["BV2"], 1, 1, 1)]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('train', 'BV2_Phase_A4_1_00d00h00m_1.tif'),
     ('val', 'BV2_Phase_A4_1_00d04h00m_1.tif'),
     ('test', 'BV2_Phase_E4_1_00d12h00m_1.tif')]
    """
    plan = []
    for cell_type in cell_types:
        chosen = {int((number + 0.5) * (train + val) / val) for number in range(val)}
        shared = _visits(cell_type, "train_val", train + val, first_step=0)
        plan += [
            planned._replace(split="val" if i in chosen else "train") for i, planned in enumerate(shared)
        ]
        plan += _visits(cell_type, "test", test, first_step=3)
    return plan


def _visits(cell_type: str, group: str, number: int, first_step: int) -> list[PlannedImage]:
    """Visit each field twice: alternately at consecutive time points and 36 hours apart."""
    fields = (number + 1) // 2
    plan = []
    for field in range(fields):
        start = (first_step + field * LAST_STEP // fields) % LAST_STEP
        row, column = field % 3, 4 + field // 24
        well = f"{_ROWS[group][row]}{column}"
        for step in (start, min(start + (9 if field % 2 else 1), LAST_STEP)):
            place = (1 + field // 3 % 2, 1 + field // 6 % 4)
            plan.append(PlannedImage(group, cell_type, well, *place, step * STEP_MINUTES))
    return plan[:number]


def plan_spares(cell_types: list[str], number: int) -> list[PlannedImage]:
    """Plan images of crowded fields, apart from all others, for defects that spoil an image as a whole."""
    plan = []
    for spare in range(number):
        split = ("train", "test", "val")[spare % 3]
        row = _SPARE_ROWS["test" if split == "test" else "train_val"]
        cell_type = cell_types[spare % len(cell_types)]
        minutes = (_LATE_STEP + spare % 5) * STEP_MINUTES
        plan.append(PlannedImage(split, cell_type, f"{row}{4 + spare // 4}", 1, 1 + spare % 4, minutes))
    return plan
