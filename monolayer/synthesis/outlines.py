"""Outlines of single cells: a wavy, stretched and bent disc with pointed ends.

An outline is star-shaped in the cell's own coordinates, in which the undisturbed cell is the unit disc:
there it is a radius for each of P equally spaced angles.
"""

from typing import NamedTuple

import numpy as np

from monolayer.synthesis.cell_types import CellType


class Bodies(NamedTuple):
    """The coordinates of N cells: where each lies, how large, stretched, turned and bent it is."""

    centre: np.ndarray
    """float64 [N, 2]: x and y in pixels."""
    radius: np.ndarray
    """float64 [N]: radius in pixels of the disc with the cell's area."""
    stretch: np.ndarray
    """float64 [N]: square root of length by width."""
    angle: np.ndarray
    """float64 [N]: direction of the long axis, radians."""
    bend: np.ndarray
    """float64 [N]: curvature of the long axis, 1 / radii."""

    def take(self, index: np.ndarray | slice) -> "Bodies":
        """Return some of the cells."""
        return Bodies(*(column[index] for column in self))


def angles(points: int) -> np.ndarray:
    """Return `points` equally spaced angles in [0, 2 pi), float64 [P]."""
    return 2 * np.pi * np.arange(points) / points


def draw_radii(rng: np.random.Generator, traits: CellType, number: int) -> np.ndarray:
    """Draw the outlines of `number` spread cells, float64 [N, P], each of the unit disc's area."""
    theta = angles(traits.points)
    waves = _waves(rng, theta, number) * traits.waviness
    radii = 1 + waves + _tips(rng, theta, traits, number)
    return radii / np.sqrt(np.mean(radii**2, axis=1, keepdims=True))


def _waves(rng: np.random.Generator, theta: np.ndarray, number: int) -> np.ndarray:
    harmonics = np.arange(2, 7)
    phases = rng.uniform(0, 2 * np.pi, (number, len(harmonics), 1))
    return np.cos(harmonics[:, None] * theta + phases).sum(axis=1)  # (N, P)


def _tips(rng: np.random.Generator, theta: np.ndarray, traits: CellType, number: int) -> np.ndarray:
    fewest, most = traits.tips
    # A tip stands on a vertex: between two it would be cut off.
    where = theta[rng.integers(len(theta), size=(number, most))]
    length = rng.gamma(4, traits.tip_length / 4, (number, most))
    length *= np.arange(most) < rng.integers(fewest, most + 1, size=(number, 1))
    gap = np.abs((theta - where[..., None] + np.pi) % (2 * np.pi) - np.pi)  # (N, tips, P)
    return (length[..., None] * np.exp(-gap / traits.tip_width)).sum(axis=1)


def to_image(bodies: Bodies, theta: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Turn the cells' polar coordinates [N, ...] into pixel coordinates, float64 [N, ..., 2]."""
    radius, stretch, angle, bend = _columns(bodies, rho.ndim)
    along = rho * np.cos(theta) * radius * stretch
    across = rho * np.sin(theta) * radius / stretch + bend * along**2 / radius
    cosine, sine = np.cos(angle), np.sin(angle)
    centre = bodies.centre.reshape(-1, *[1] * (rho.ndim - 1), 2)
    return centre + np.stack([along * cosine - across * sine, along * sine + across * cosine], axis=-1)


def from_image(bodies: Bodies, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn N pixel coordinates [N, 2], or [..., 2] for one cell, into polar ones: angle and radius [N]."""
    x, y = np.moveaxis(points - bodies.centre, -1, 0)
    cosine, sine = np.cos(bodies.angle), np.sin(bodies.angle)
    along, across = x * cosine + y * sine, y * cosine - x * sine
    across = (across - bodies.bend * along**2 / bodies.radius) * bodies.stretch / bodies.radius
    along = along / (bodies.radius * bodies.stretch)
    return np.arctan2(across, along), np.hypot(along, across)


def _columns(bodies: Bodies, ndim: int) -> list[np.ndarray]:
    return [column.reshape(-1, *[1] * (ndim - 1)) for column in bodies[1:]]


def radius_at(radii: np.ndarray, index: np.ndarray | int, theta: np.ndarray) -> np.ndarray:
    """Interpolate the outlines `index` of [N, P] at angles, float64 in the angles' shape.

    >>> radius_at(np.array([[1.0, 2.0, 1.0, 2.0]]), 0, np.array([0.0, np.pi / 4, -np.pi / 2]))
    array([1. , 1.5, 2. ])
    """
    points = radii.shape[1]
    position = (theta * (points / (2 * np.pi))) % points
    below = position.astype(np.intp)
    fraction = position - below
    return radii[index, below % points] * (1 - fraction) + radii[index, (below + 1) % points] * fraction
