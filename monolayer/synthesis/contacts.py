"""Where cells touch: neighbours share the ground between them."""

import numpy as np

from monolayer.synthesis.outlines import Bodies, angles, from_image, radius_at, to_image
from monolayer.synthesis.population import Snapshot

_STEPS = 20


def press(cells: Snapshot, overlap: float) -> np.ndarray:
    """Cut the free outlines where cells meet.

    A point belongs to the cell to whose edge it is relatively nearest: the distance from the centre is
    measured in radii of the outline in that direction. Round cells lie on top and are not cut.

    Parameters
    ----------
    cells
        N cells with free outlines.
    overlap
        How far a cell still reaches below its neighbour, as a share of its radius.

    Returns
    -------
    numpy.ndarray
        float64 [N, P]: outlines in the cells' own coordinates.
    """
    theta = angles(cells.radii.shape[1])
    reach = cells.bodies.radius * cells.bodies.stretch * cells.radii.max(axis=1) * 1.1
    radii = cells.radii.copy()
    for cell in range(len(radii)):
        gap = cells.bodies.centre - cells.bodies.centre[cell]
        near = np.hypot(gap[:, 0], gap[:, 1]) < reach + reach[cell]
        near &= cells.rounded == cells.rounded[cell]
        near[cell] = False
        if near.any():
            radii[cell] *= _free_share(cells, cell, np.flatnonzero(near), theta, overlap)
    return radii


def _free_share(
    cells: Snapshot, cell: int, near: np.ndarray, theta: np.ndarray, overlap: float
) -> np.ndarray:
    """Return the share of the cell's radius that it keeps in each direction, float64 [P]."""
    own = (np.arange(_STEPS) + 1)[:, None] / _STEPS  # (S, 1)
    rays = to_image(cells.bodies.take(np.array([cell])), theta, (own * cells.radii[cell])[None])[0]  # (S, P, 2)
    others = relative_distance(cells.bodies.take(near), cells.radii[near], rays).min(axis=0)  # (S, P)
    excess = own - others - overlap
    return _first_crossing(excess, own[:, 0])


def relative_distance(bodies: Bodies, radii: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return each cell's distance to the points [..., 2]: 0 at its centre, 1 on its outline; [N, ...]."""
    theta, rho = from_image(bodies, points)
    return rho / radius_at(radii, theta)


def _first_crossing(excess: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return where the columns of `excess` [S, P] first rise above zero, between two steps; 1 if nowhere.

    >>> _first_crossing(np.array([[-1.0, -1.0], [1.0, -1.0]]), np.array([0.5, 1.0]))
    array([0.75, 1.  ])
    """
    above = excess > 0
    step = np.argmax(above, axis=0)
    column = np.arange(excess.shape[1])
    high, low = excess[step, column], excess[np.maximum(step - 1, 0), column]
    share = np.where(step > 0, -low / np.where(high > low, high - low, 1), 1)
    crossing = position[np.maximum(step - 1, 0)] + share * (position[1] - position[0])
    return np.where(above.any(axis=0), np.where(step > 0, crossing, position[0]), 1.0)
