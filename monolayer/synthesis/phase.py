"""The optical thickness of a field: how much each pixel's cells and specks delay the light."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from monolayer.synthesis.cell_types import CellType
from monolayer.synthesis.contacts import boxes
from monolayer.synthesis.outlines import Bodies, from_image, radius_at, to_image
from monolayer.synthesis.population import LIVECELL_PIXELS, Snapshot

NUCLEUS = 0.45
"""Radius of a nucleus, in radii of its cell, up to a cell radius of 14 pixels."""


class Thickness(NamedTuple):
    """What the cells of one image add to the light's path."""

    height: np.ndarray
    """float64 [H, W]: optical thickness, grey levels."""
    texture: np.ndarray
    """float64 [H, W]: standard deviation of its fine structure, grey levels."""


class Interiors(NamedTuple):
    """What N cells look like inside, each in its own way."""

    strength: np.ndarray
    """float64 [N, 3]: contrast of the body, the fine structure and the nucleus, about 1."""
    nucleus: np.ndarray
    """float64 [N, 2]: where it lies, in the cell's own coordinates."""


def draw_interiors(rng: np.random.Generator, number: int) -> Interiors:
    """Draw the insides of `number` cells."""
    return Interiors(rng.lognormal(0, [0.5, 0.3, 0.3], (number, 3)), rng.uniform(-0.2, 0.2, (number, 2)))


def cell_thickness(
    cells: Snapshot, radii: np.ndarray, interiors: Interiors, traits: CellType, height: int, width: int
) -> Thickness:
    """Add up the cells' bodies and nuclei; `radii` [N, P] are their outlines after `contacts.press`."""
    total = Thickness(np.zeros((height, width)), np.zeros((height, width)))
    low, high = boxes(cells.bodies, radii)
    first, last = np.maximum(np.floor(low - 1), 0).astype(int), np.maximum(np.ceil(high + 1), 0).astype(int)
    for cell in range(len(radii)):
        window = slice(first[cell, 1], last[cell, 1]), slice(first[cell, 0], last[cell, 0])
        theta, rho = _polar(cells.bodies.take(slice(cell, cell + 1)), first[cell], total.height[window].shape)
        edge = radius_at(radii, cell, theta)
        strength = interiors.strength[cell]
        if cells.rounded[cell]:
            total.height[window] += strength[0] * _ball(rho, edge, cells.bodies.radius[cell], traits)
        else:
            body, nucleus = _sheet(
                rho, edge, theta, cells.bodies.radius[cell], interiors.nucleus[cell], traits
            )
            total.height[window] += strength[0] * body + strength[2] * nucleus
        within = rho < edge - 1.3 / cells.bodies.radius[cell]
        # The thin outskirts of a spread cell are bland.
        fading = 1.0 if cells.rounded[cell] else 1.35 - rho / edge
        total.texture[window] += strength[1] * traits.texture * within * fading
    return total


def _polar(body: Bodies, first: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the polar coordinates of a window's pixels in one cell: angle and radius, each [h, w]."""
    rows, columns = np.indices(shape)
    return from_image(body, np.stack([columns, rows], axis=-1) + (first + 0.5))


def _sheet(
    rho: np.ndarray, edge: np.ndarray, theta: np.ndarray, radius: float, nucleus: np.ndarray, traits: CellType
) -> tuple[np.ndarray, np.ndarray]:
    """A spread cell: steep at its margin, thicker over the nucleus, whose envelope shows."""
    depth = np.clip((edge - rho) * radius - 0.7, 0, None)
    x, y = rho * np.cos(theta) - nucleus[0], rho * np.sin(theta) - nucleus[1]
    inner = np.hypot(x, y) * radius / (NUCLEUS * min(radius, 14))
    body = traits.thickness[0] * (1 - np.exp(-depth / 1.5)) * (1 + 0.5 * np.exp(-(inner**2) / 2))
    envelope = traits.nucleus * (np.exp(-(((inner - 1) / 0.15) ** 2)) - 0.5 * (inner < 1))
    return body, np.where(depth > 1, envelope, 0)


def _ball(rho: np.ndarray, edge: np.ndarray, radius: float, traits: CellType) -> np.ndarray:
    """A round cell: a dome with a steep rim, within the bright ring that belongs to its outline."""
    fraction = np.clip(rho / np.maximum(edge - 1.6 / radius, 0.1), 0, 1)
    return traits.thickness[1] * np.sqrt(1 - fraction**4)


def granules(
    rng: np.random.Generator, cells: Snapshot, radii: np.ndarray, traits: CellType, height: int, width: int
) -> np.ndarray:
    """Return the thickness of the granules and nucleoli inside the cells, float64 [H, W]."""
    area = np.pi * cells.bodies.radius**2 * np.mean(radii**2, axis=1)
    number = rng.poisson(traits.granules * area / 100 * rng.lognormal(-0.3, 0.8, len(area)))
    owner = np.repeat(np.arange(len(area)), number)
    theta = rng.uniform(0, 2 * np.pi, len(owner))
    fraction = rng.beta(2, 3, len(owner)) * 0.95
    rho = fraction * radius_at(radii, owner, theta)
    where = to_image(cells.bodies.take(owner), theta[:, None], rho[:, None])[:, 0]
    contrast = traits.granule_contrast * rng.lognormal(0, 0.5, len(owner))
    contrast *= np.where(rng.random(len(owner)) < 0.15, -1.2, 1)
    return gaussian_blobs(where, contrast, 0.5, height, width)


def nucleoli(
    rng: np.random.Generator, cells: Snapshot, interiors: Interiors, traits: CellType, height: int, width: int
) -> np.ndarray:
    """Return the thickness of the dark bodies inside the nuclei of spread cells, float64 [H, W]."""
    owner = np.repeat(np.flatnonzero(~cells.rounded), rng.integers(1, 5, np.count_nonzero(~cells.rounded)))
    bodies = cells.bodies.take(owner)
    reach = NUCLEUS * np.minimum(14 / bodies.radius, 1)
    x, y = (interiors.nucleus[owner] + rng.uniform(-0.5, 0.5, (len(owner), 2)) * reach[:, None]).T
    where = to_image(bodies, np.arctan2(y, x)[:, None], np.hypot(x, y)[:, None])[:, 0]
    return gaussian_blobs(where, traits.nucleolus * rng.lognormal(0, 0.4, len(owner)), 0.8, height, width)


def debris(rng: np.random.Generator, traits: CellType, height: int, width: int) -> np.ndarray:
    """Return the thickness of specks that are no cells: single or in heaps, float64 [H, W]."""
    fraction = height * width / LIVECELL_PIXELS
    number = int(rng.poisson(traits.debris * fraction * rng.lognormal(-0.5, 0.8)))
    heaps = rng.uniform(0, [width, height], (number, 2))
    heap_sizes = np.ceil(np.minimum(rng.lognormal(0, 1, len(heaps)), 40)).astype(np.intp)
    owner = np.repeat(np.arange(len(heaps)), heap_sizes)
    where = heaps[owner] + rng.normal(0, 3.5, (len(owner), 2))
    contrast = rng.uniform(20, 130, len(owner)) * np.where(rng.random(len(owner)) < 0.2, -1, 1)
    small = rng.random(len(owner)) < 0.6
    return gaussian_blobs(where[small], contrast[small], 0.6, height, width) + gaussian_blobs(
        where[~small], contrast[~small], 1.1, height, width
    )


def gaussian_blobs(
    where: np.ndarray, contrast: np.ndarray, sigma: float, height: int, width: int
) -> np.ndarray:
    """Draw Gaussian blobs of a given peak at positions [M, 2] (x, y), float64 [H, W]."""
    canvas = np.zeros((height, width))
    x, y = np.floor(where).astype(np.intp).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    np.add.at(canvas, (y[inside], x[inside]), contrast[inside])
    return gaussian_filter(canvas, sigma) * (2 * np.pi * sigma**2)
