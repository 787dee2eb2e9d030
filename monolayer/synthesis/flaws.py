"""Bad annotations: each function makes one more annotation of a picture that has cells."""

import numpy as np

from monolayer.synthesis.pictures import Cell
from monolayer.synthesis.polygons import area, to_hundredths


def doubled_contour(rng: np.random.Generator, cells: list[Cell], size: tuple[int, int]) -> Cell:
    """One of the larger cells once more, 4 % larger (intersection over union about .92)."""
    larger = sorted(cells, key=lambda cell: area(cell.polygon))[len(cells) // 2 :]
    polygon = larger[rng.integers(len(larger))].polygon
    middle = polygon.mean(axis=0)
    return Cell(to_hundredths(np.clip(middle + (polygon - middle) * 1.04, 0, size)))


def too_few_points(rng: np.random.Generator, cells: list[Cell], size: tuple[int, int]) -> Cell:
    """Two points within the image."""
    return Cell(to_hundredths(rng.uniform(0, size, (2, 2))))


def no_area(rng: np.random.Generator, cells: list[Cell], size: tuple[int, int]) -> Cell:
    """Four points on a level line within the image."""
    x = np.sort(rng.uniform(0, size[0], 4))
    return Cell(to_hundredths(np.stack([x, np.full(4, rng.uniform(0, size[1]))], axis=1)))


def outside_image(rng: np.random.Generator, cells: list[Cell], size: tuple[int, int]) -> Cell:
    """A cell that lies an image's width too far to the right."""
    polygon = cells[rng.integers(len(cells))].polygon
    return Cell(to_hundredths(polygon + np.array([size[0] + 5, 0])))
