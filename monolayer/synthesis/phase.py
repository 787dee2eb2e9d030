"""The optical thickness of a field: how much each pixel's cells and specks delay the light."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from monolayer.synthesis.cell_types import CellType
from monolayer.synthesis.outlines import from_image, radius_at, to_image
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
    reach = cells.bodies.radius * cells.bodies.stretch * radii.max(axis=1) * 1.3 + 2
    for cell, (x, y) in enumerate(cells.bodies.centre):
        rows = slice(max(int(y - reach[cell]), 0), max(int(y + reach[cell]) + 1, 0))
        columns = slice(max(int(x - reach[cell]), 0), max(int(x + reach[cell]) + 1, 0))
        window = total.height[rows, columns]
        if window.size == 0:
            continue
        ys, xs = np.mgrid[rows.start : rows.start + window.shape[0], columns.start : columns.start + window.shape[1]]
        points = np.stack([xs + 0.5, ys + 0.5], axis=-1)
        one = np.array([cell])
        theta, rho = (values[0] for values in from_image(cells.bodies.take(one), points))
        edge = radius_at(radii[one], theta[None])[0]
        body, nucleus = (_ball if cells.rounded[cell] else _sheet)(rho, edge, theta, cells.bodies.radius[cell], offset[cell], traits)
        window += strength[cell, 0] * body + strength[cell, 2] * nucleus
        total.texture[rows, columns] += strength[cell, 1] * traits.texture * (1 + cells.rounded[cell]) * (rho < edge)
    return total


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
    rho = share * radius_at(radii[owner], theta[:, None])[:, 0]
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
