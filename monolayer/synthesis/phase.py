"""The optical thickness of a field: how much each pixel's cells and specks delay the light."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from monolayer.synthesis.cell_types import CellType
from monolayer.synthesis.contacts import boxes
from monolayer.synthesis.outlines import Bodies, from_image, radius_at, to_image
from monolayer.synthesis.population import LIVECELL_PIXELS, Snapshot


class Thickness(NamedTuple):
    """What the cells of one image add to the light's path."""

    height: np.ndarray
    """float64 [H, W]: optical thickness, grey levels."""
    texture: np.ndarray
    """float64 [H, W]: standard deviation of its fine structure, grey levels."""


def cell_thickness(
    rng: np.random.Generator, cells: Snapshot, radii: np.ndarray, traits: CellType, height: int, width: int
) -> Thickness:
    """Add up the cells' bodies and nuclei; `radii` [N, P] are their outlines after `contacts.press`."""
    total = Thickness(np.zeros((height, width)), np.zeros((height, width)))
    strength = rng.lognormal(0, 0.3, (len(radii), 3))  # of the body, the texture and the nucleus
    offset = rng.uniform(-0.2, 0.2, (len(radii), 2))
    low, high = boxes(cells.bodies, radii)
    first, last = np.maximum(np.floor(low - 1), 0).astype(int), np.maximum(np.ceil(high + 1), 0).astype(int)
    for cell in range(len(radii)):
        window = slice(first[cell, 1], last[cell, 1]), slice(first[cell, 0], last[cell, 0])
        theta, rho = _polar(cells.bodies.take(slice(cell, cell + 1)), first[cell], total.height[window].shape)
        edge = radius_at(radii, cell, theta)
        layer = _ball if cells.rounded[cell] else _sheet
        body, nucleus = layer(rho, edge, theta, cells.bodies.radius[cell], offset[cell], traits)
        total.height[window] += strength[cell, 0] * body + strength[cell, 2] * nucleus
        total.texture[window] += strength[cell, 1] * traits.texture * (rho < edge)
    return total


def _polar(body: Bodies, first: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the polar coordinates of a window's pixels in one cell: angle and radius, each [h, w]."""
    rows, columns = np.indices(shape)
    return from_image(body, np.stack([columns, rows], axis=-1) + (first + 0.5))


def _sheet(
    rho: np.ndarray, edge: np.ndarray, theta: np.ndarray, radius: float, offset: np.ndarray, traits: CellType
) -> tuple[np.ndarray, np.ndarray]:
    """A spread cell: steep at its margin, thicker over the nucleus, whose envelope shows."""
    depth = np.clip((edge - rho) * radius, 0, None)
    x, y = rho * np.cos(theta) - offset[0], rho * np.sin(theta) - offset[1]
    inner = np.hypot(x, y) * radius / (0.42 * min(radius, 13))
    body = traits.thickness[0] * (1 - np.exp(-depth / 1.5)) * (1 + 0.5 * np.exp(-(inner**2) / 2))
    nucleus = traits.nucleus * (np.exp(-(((inner - 1) / 0.2) ** 2)) - 0.5 * (inner < 1))
    return body, np.where(depth > 1, nucleus, 0)


def _ball(
    rho: np.ndarray, edge: np.ndarray, theta: np.ndarray, radius: float, offset: np.ndarray, traits: CellType
) -> tuple[np.ndarray, np.ndarray]:
    """A round cell: a dome, whose nucleus does not show."""
    return traits.thickness[1] * np.sqrt(np.clip(1 - (rho / edge) ** 2, 0, None)), np.zeros_like(rho)


def granules(
    rng: np.random.Generator, cells: Snapshot, radii: np.ndarray, traits: CellType, height: int, width: int
) -> np.ndarray:
    """Return the thickness of the granules and nucleoli inside the cells, float64 [H, W]."""
    area = np.pi * cells.bodies.radius**2 * np.mean(radii**2, axis=1)
    number = rng.poisson(traits.granules * area / 100 * rng.lognormal(-0.3, 0.8, len(area)))
    owner = np.repeat(np.arange(len(area)), number)
    theta = rng.uniform(0, 2 * np.pi, len(owner))
    share = rng.beta(1.6, 1.8, len(owner)) * 0.95
    rho = share * radius_at(radii, owner, theta)
    where = to_image(cells.bodies.take(owner), theta[:, None], rho[:, None])[:, 0]
    contrast = traits.granule_contrast * rng.lognormal(0, 0.5, len(owner))
    contrast *= np.where(rng.random(len(owner)) < 0.15, -1.2, 1)
    return spots(where, contrast, 0.8, height, width)


def debris(rng: np.random.Generator, traits: CellType, height: int, width: int) -> np.ndarray:
    """Return the thickness of specks that are no cells: single or in heaps, float64 [H, W]."""
    share = height * width / LIVECELL_PIXELS
    heaps = rng.uniform(0, [width, height], (int(rng.poisson(traits.debris * share * 0.6)), 2))
    owner = np.repeat(np.arange(len(heaps)), rng.geometric(0.6, len(heaps)))
    where = heaps[owner] + rng.normal(0, 3.5, (len(owner), 2))
    contrast = rng.uniform(20, 90, len(owner)) * np.where(rng.random(len(owner)) < 0.2, -1, 1)
    small = rng.random(len(owner)) < 0.6
    return spots(where[small], contrast[small], 0.9, height, width) + spots(
        where[~small], contrast[~small], 1.5, height, width
    )


def spots(where: np.ndarray, contrast: np.ndarray, sigma: float, height: int, width: int) -> np.ndarray:
    """Draw Gaussian spots of a given peak at positions [M, 2] (x, y), float64 [H, W]."""
    canvas = np.zeros((height, width))
    x, y = np.floor(where).astype(np.intp).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    np.add.at(canvas, (y[inside], x[inside]), contrast[inside])
    return gaussian_filter(canvas, sigma) * (2 * np.pi * sigma**2)
