"""What LIVECell's eight cell types look like, in numbers.

Tuned until the rendered cells agreed with LIVECell's in area, aspect, solidity, confluence, overlap and
grey levels, type by type.
"""

from typing import NamedTuple

from monolayer.errors import InputError


class CellType(NamedTuple):
    """How cells of one type look, and how they grow."""

    cells: tuple[int, int]
    """Cells per 704 x 520 pixels at the start and after 72 hours."""
    area: float
    """Median area of a spread cell, pixels."""
    area_spread: float
    """Standard deviation of the logarithm of the area."""
    aspect: tuple[float, float]
    """Median length by width of the body, and the standard deviation of its logarithm."""
    tips: tuple[int, int]
    """Least and largest number of pointed ends."""
    tip_length: float
    """Mean length of a pointed end, in radii of the cell."""
    tip_width: float
    """Angle in which a pointed end thins out, radians."""
    waviness: float
    """Unevenness of the outline between its ends."""
    bend: float
    """Curvature of the long axis, standard deviation, in 1 / radii."""
    attach: float
    """Share of new cells that grow beside another one: large for islands."""
    spacing: float
    """Distance of neighbours' centres, in sums of their radii: below 1, cells press on each other."""
    overlap: float
    """How far a cell reaches below its neighbour, as a share of its radius."""
    rounded: tuple[float, float]
    """Share of round, detached cells at the start and after 72 hours."""
    rounded_area: float
    """Median area of a round cell, pixels."""
    thickness: tuple[float, float]
    """Optical thickness of a spread and of a round cell, grey levels."""
    texture: float
    """Fine structure of the cytoplasm, standard deviation in grey levels."""
    granules: float
    """Granules per 100 pixels of cell."""
    granule_contrast: float
    """Grey levels of a granule."""
    nucleus: float
    """Contrast of the nucleus' envelope, grey levels."""
    shear: float
    """Oblique shading, as a share of the thickness' slope."""
    debris: float
    """Specks that are no cells, per 704 x 520 pixels."""
    points: int
    """Vertices of an outline."""


CELL_TYPES: dict[str, CellType] = {
    "A172": CellType(
        cells=(80, 210), area=1000, area_spread=0.6, aspect=(1.55, 0.3), tips=(2, 4), tip_length=0.9,
        tip_width=0.35, waviness=0.05, bend=0.12, attach=0.75, spacing=0.75, overlap=0.05,
        rounded=(0.06, 0.03), rounded_area=150, thickness=(14, 60), texture=5, granules=3.0,
        granule_contrast=22, nucleus=7, shear=0.0, debris=25, points=60,
    ),
    "BT474": CellType(
        cells=(70, 240), area=520, area_spread=0.5, aspect=(1.35, 0.22), tips=(2, 4), tip_length=0.25,
        tip_width=0.3, waviness=0.07, bend=0.08, attach=0.95, spacing=0.72, overlap=0.02,
        rounded=(0.2, 0.08), rounded_area=200, thickness=(14, 60), texture=6, granules=4.0,
        granule_contrast=28, nucleus=9, shear=0.0, debris=150, points=48,
    ),
    "BV2": CellType(
        cells=(90, 800), area=180, area_spread=0.25, aspect=(1.12, 0.1), tips=(0, 2), tip_length=0.2,
        tip_width=0.25, waviness=0.04, bend=0.0, attach=0.9, spacing=0.85, overlap=0.06,
        rounded=(0.8, 0.75), rounded_area=170, thickness=(40, 60), texture=14, granules=3.0,
        granule_contrast=40, nucleus=6, shear=0.5, debris=30, points=40,
    ),
    "Huh7": CellType(
        cells=(20, 75), area=1150, area_spread=0.75, aspect=(1.35, 0.22), tips=(0, 4), tip_length=0.25,
        tip_width=0.2, waviness=0.08, bend=0.05, attach=0.8, spacing=0.75, overlap=0.01,
        rounded=(0.2, 0.12), rounded_area=230, thickness=(9, 65), texture=4, granules=3.5,
        granule_contrast=34, nucleus=9, shear=0.0, debris=60, points=52,
    ),
    "MCF7": CellType(
        cells=(90, 700), area=300, area_spread=0.4, aspect=(1.35, 0.2), tips=(1, 4), tip_length=0.3,
        tip_width=0.3, waviness=0.05, bend=0.05, attach=0.96, spacing=0.72, overlap=0.03,
        rounded=(0.5, 0.04), rounded_area=160, thickness=(38, 80), texture=12, granules=2.5,
        granule_contrast=45, nucleus=10, shear=0.0, debris=25, points=40,
    ),
    "SHSY5Y": CellType(
        cells=(110, 400), area=330, area_spread=0.55, aspect=(1.6, 0.35), tips=(3, 6), tip_length=1.6,
        tip_width=0.16, waviness=0.06, bend=0.15, attach=0.9, spacing=0.8, overlap=0.06,
        rounded=(0.08, 0.04), rounded_area=90, thickness=(16, 60), texture=6, granules=1.5,
        granule_contrast=25, nucleus=7, shear=0.0, debris=15, points=80,
    ),
    "SKOV3": CellType(
        cells=(50, 270), area=1200, area_spread=0.6, aspect=(1.45, 0.25), tips=(0, 4), tip_length=0.5,
        tip_width=0.3, waviness=0.06, bend=0.1, attach=0.7, spacing=0.72, overlap=0.04,
        rounded=(0.15, 0.05), rounded_area=260, thickness=(12, 85), texture=4, granules=1.0,
        granule_contrast=30, nucleus=9, shear=0.0, debris=15, points=56,
    ),
    "SkBr3": CellType(
        cells=(130, 330), area=340, area_spread=0.45, aspect=(1.2, 0.15), tips=(0, 3), tip_length=0.2,
        tip_width=0.3, waviness=0.04, bend=0.03, attach=0.6, spacing=0.85, overlap=0.05,
        rounded=(0.8, 0.6), rounded_area=250, thickness=(25, 80), texture=11, granules=3.0,
        granule_contrast=30, nucleus=6, shear=0.35, debris=40, points=40,
    ),
}  # fmt: skip


def cell_type(name: str) -> CellType:
    """Return the traits of a cell type.

    Raises
    ------
    InputError
        There is no such cell type; the message lists those there are.
    """
    if name not in CELL_TYPES:
        raise InputError(f"synthetic cell type {name!r} is unknown; valid: {', '.join(CELL_TYPES)}")
    return CELL_TYPES[name]
