"""Where cells touch: neighbours share the ground between them."""

import numpy as np

from monolayer.synthesis.outlines import Bodies, angles, from_image, radius_at, to_image
from monolayer.synthesis.population import Snapshot

_STEPS = 16


def press(cells: Snapshot, overlap: float) -> np.ndarray:
    """Cut the free outlines where cells meet.

    A point belongs to the cell to whose edge it is relatively nearest: the distance from the centre is
    measured in radii of the outline in that direction. Round cells yield to round cells alone.

    Parameters
    ----------
    cells
        N cells with free outlines.
    overlap
        How far a cell still reaches below its neighbour, as a fraction of its radius.

    Returns
    -------
    numpy.ndarray
        float64 [N, P]: outlines in the cells' own coordinates.
    """
    theta = angles(cells.radii.shape[1])
    low, high = boxes(cells.bodies, cells.radii)
    radii = cells.radii.copy()
    for cell in range(len(radii)):
        near = np.all((low < high[cell]) & (high > low[cell]), axis=1) & (
            cells.rounded | ~cells.rounded[cell]
        )
        near[cell] = False
        if near.any():
            radii[cell] *= _free_fraction(cells, cell, np.flatnonzero(near), theta, low, high, overlap)
    return radii


def boxes(bodies: Bodies, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the outlines' bounding boxes, each float64 [N, 2] (x, y) in pixels."""
    outlines = to_image(bodies, angles(radii.shape[1]), radii)
    return outlines.min(axis=1), outlines.max(axis=1)


def _free_fraction(
    cells: Snapshot,
    cell: int,
    near: np.ndarray,
    theta: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    overlap: float,
) -> np.ndarray:
    """Return the fraction of the cell's radius that it keeps in each direction, float64 [P]."""
    own = (np.arange(_STEPS) + 1)[:, None] / _STEPS  # (S, 1)
    rays = to_image(cells.bodies.take(slice(cell, cell + 1)), theta, (own * cells.radii[cell])[None])[
        0
    ]  # (S, P, 2)
    inside = np.all((rays > low[near, None, None]) & (rays < high[near, None, None]), axis=-1)  # (N, S, P)
    neighbour, step, point = np.nonzero(inside)
    others = np.full(inside.shape, 1.5)  # beyond a cell's box, and so beyond its outline
    others[inside] = relative_distance(cells, near[neighbour], rays[step, point])
    return _first_crossing(own - others.min(axis=0) - overlap, own[:, 0])


def relative_distance(cells: Snapshot, index: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return how far each point [M, 2] is from cell `index` [M]: 0 at its centre, 1 on its outline."""
    theta, rho = from_image(cells.bodies.take(index), points)
    return rho / radius_at(cells.radii, index, theta)


def _first_crossing(excess: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return where the columns of `excess` [S, P] first rise above zero, between two steps; 1 if nowhere.

    >>> _first_crossing(np.array([[-1.0, -1.0], [1.0, -1.0]]), np.array([0.5, 1.0]))
    array([0.75, 1.  ])
    """
    above = excess > 0
    step = np.argmax(above, axis=0)
    column = np.arange(excess.shape[1])
    high, low = excess[step, column], excess[np.maximum(step - 1, 0), column]
    fraction = np.where(step > 0, -low / np.where(high > low, high - low, 1), 1)
    crossing = position[np.maximum(step - 1, 0)] + fraction * (position[1] - position[0])
    return np.where(above.any(axis=0), np.where(step > 0, crossing, position[0]), 1.0)
