"""What LIVECell's eight cell types look like, in numbers.

Tuned until the rendered cells agreed with LIVECell's in area, aspect, solidity, confluence, overlap, grey
levels, gradients and power spectra, type by type; `python -m benchmarks.realism` measures how well.
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
    """Fraction of new cells that grow beside another one: large for islands."""
    spacing: float
    """Distance of neighbours' centres, in sums of their radii: below 1, cells press on each other."""
    overlap: float
    """How far a cell reaches below its neighbour, as a fraction of its radius."""
    rounded: tuple[float, float]
    """Fraction of round, detached cells at the start and after 72 hours."""
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
    nucleolus: float
    """Contrast of the dark bodies in the nucleus, grey levels."""
    shear: float
    """Oblique shading, as a fraction of the thickness' slope."""
    debris: float
    """Specks that are no cells, per 704 x 520 pixels."""
    points: int
    """Vertices of an outline."""


CELL_TYPES: dict[str, CellType] = {
    "A172": CellType(
        cells=(90, 190), area=1650, area_spread=0.5, aspect=(1.6, 0.3), tips=(2, 4), tip_length=1.3,
        tip_width=0.35, waviness=0.04, bend=0.15, attach=0.75, spacing=0.7, overlap=0.03,
        rounded=(0.06, 0.03), rounded_area=200, thickness=(32, 130), texture=8.5, granules=3.0,
        granule_contrast=36, nucleus=8, nucleolus=25, shear=0.0, debris=40, points=60,
    ),
    "BT474": CellType(
        cells=(75, 250), area=780, area_spread=0.5, aspect=(1.5, 0.25), tips=(2, 4),
        tip_length=0.35, tip_width=0.3, waviness=0.06, bend=0.08, attach=0.95, spacing=0.66,
        overlap=0.02, rounded=(0.2, 0.08), rounded_area=240, thickness=(33, 110), texture=7,
        granules=4.0, granule_contrast=42, nucleus=10, nucleolus=35, shear=0.0, debris=200,
        points=48,
    ),
    "BV2": CellType(
        cells=(160, 1500), area=180, area_spread=0.25, aspect=(1.15, 0.1), tips=(0, 2),
        tip_length=0.25, tip_width=0.25, waviness=0.04, bend=0.0, attach=0.95, spacing=0.9,
        overlap=0.06, rounded=(0.85, 0.8), rounded_area=195, thickness=(60, 95), texture=14,
        granules=3.0, granule_contrast=45, nucleus=6, nucleolus=30, shear=0.4, debris=30, points=40,
    ),
    "Huh7": CellType(
        cells=(20, 72), area=1550, area_spread=0.7, aspect=(1.5, 0.25), tips=(0, 4), tip_length=0.3,
        tip_width=0.2, waviness=0.05, bend=0.05, attach=0.8, spacing=0.7, overlap=0.01,
        rounded=(0.2, 0.12), rounded_area=270, thickness=(24, 130), texture=7.5, granules=4.5,
        granule_contrast=50, nucleus=10, nucleolus=35, shear=0.0, debris=100, points=52,
    ),
    "MCF7": CellType(
        cells=(120, 780), area=450, area_spread=0.4, aspect=(1.5, 0.22), tips=(1, 4),
        tip_length=0.4, tip_width=0.3, waviness=0.05, bend=0.05, attach=0.94, spacing=0.66,
        overlap=0.03, rounded=(0.6, 0.03), rounded_area=240, thickness=(46, 155), texture=15,
        granules=3.0, granule_contrast=45, nucleus=14, nucleolus=60, shear=0.0, debris=100,
        points=40,
    ),
    "SHSY5Y": CellType(
        cells=(120, 400), area=470, area_spread=0.5, aspect=(1.6, 0.3), tips=(3, 6), tip_length=1.5,
        tip_width=0.14, waviness=0.05, bend=0.15, attach=0.9, spacing=0.76, overlap=0.05,
        rounded=(0.08, 0.04), rounded_area=120, thickness=(27, 125), texture=10.5, granules=1.5,
        granule_contrast=38, nucleus=8, nucleolus=30, shear=0.0, debris=25, points=80,
    ),
    "SKOV3": CellType(
        cells=(66, 260), area=2000, area_spread=0.5, aspect=(1.55, 0.25), tips=(0, 4),
        tip_length=0.6, tip_width=0.3, waviness=0.05, bend=0.1, attach=0.7, spacing=0.63,
        overlap=0.03, rounded=(0.15, 0.04), rounded_area=300, thickness=(28, 190), texture=6.5,
        granules=1.2, granule_contrast=38, nucleus=9, nucleolus=40, shear=0.0, debris=20, points=56,
    ),
    "SkBr3": CellType(
        cells=(130, 330), area=430, area_spread=0.45, aspect=(1.3, 0.18), tips=(0, 3),
        tip_length=0.3, tip_width=0.3, waviness=0.04, bend=0.03, attach=0.7, spacing=0.82,
        overlap=0.05, rounded=(0.8, 0.6), rounded_area=270, thickness=(45, 130), texture=14,
        granules=3.0, granule_contrast=50, nucleus=6, nucleolus=30, shear=0.25, debris=60,
        points=40,
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
