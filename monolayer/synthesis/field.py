"""One field of view over time: images and the outline of every cell in them."""

from collections.abc import Sequence

import numpy as np

from monolayer.synthesis import optics, phase
from monolayer.synthesis.cell_types import CellType, cell_type
from monolayer.synthesis.contacts import boxes, press
from monolayer.synthesis.outlines import angles, to_image
from monolayer.synthesis.polygons import area, clip_polygon, to_hundredths
from monolayer.synthesis.population import Population, Snapshot, draw_population, snapshot
from monolayer.synthesis.randomness import generator

SMALLEST_AREA = 30.0
"""Square pixels below which what is seen of a cell is not outlined."""


def render_field(
    name: str, seed: int | str, times: Sequence[int], height: int = 520, width: int = 704
) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Render one field of view at several times: its cells stay, move, spread and multiply.

    Parameters
    ----------
    name
        Cell type, one of `cell_types.CELL_TYPES`.
    seed
        Which field; each has its own cells.
    times
        Minutes since the start. An image does not depend on the other times asked for.
    height, width
        Size in pixels.

    Returns
    -------
    list of (numpy.ndarray, list of numpy.ndarray)
        For each time the image, uint8 [H, W], and the cells' polygons, float64 [V, 2] (x, y) in pixels,
        rounded to a hundredth.

    Raises
    ------
    InputError
        There is no such cell type.
    """
    traits = cell_type(name)
    population = draw_population(generator("population", name, seed), traits, height, width)
    return [
        _render(generator("image", name, seed, minutes), population, traits, minutes, height, width)
        for minutes in times
    ]


def _render(
    rng: np.random.Generator, population: Population, traits: CellType, minutes: int, height: int, width: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    cells = _visible(snapshot(population, traits, minutes), height, width)
    radii = press(cells, traits.overlap)
    interiors = phase.draw_interiors(rng, len(radii))
    solid = phase.cell_thickness(cells, radii, interiors, traits, height, width)
    thickness = solid.height + phase.granules(rng, cells, radii, traits, height, width)
    thickness += phase.nucleoli(rng, cells, interiors, traits, height, width)
    thickness += phase.debris(rng, traits, height, width)
    thickness += solid.texture * optics.fine_structure(rng, (height, width))
    return optics.expose(rng, thickness, traits.shear), _polygons(cells, radii, height, width)


def _visible(cells: Snapshot, height: int, width: int) -> Snapshot:
    low, high = boxes(cells.bodies, cells.radii)
    seen = np.flatnonzero(np.all((high > 0) & (low < [width, height]), axis=1))
    return Snapshot(cells.bodies.take(seen), cells.radii[seen], cells.rounded[seen])


def _polygons(cells: Snapshot, radii: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    outlines = to_image(cells.bodies, angles(radii.shape[1]), radii)
    clipped = [to_hundredths(clip_polygon(outline, height, width)) for outline in outlines]
    return [polygon for polygon in clipped if len(polygon) > 2 and area(polygon) >= SMALLEST_AREA]
