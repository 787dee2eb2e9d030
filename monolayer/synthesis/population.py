"""Which cells a field of view holds, and how they move, spread and multiply over time."""

from typing import NamedTuple

import numpy as np

from monolayer.synthesis.cell_types import CellType
from monolayer.synthesis.outlines import Bodies, draw_radii

LIVECELL_PIXELS = 704 * 520
LAST_HOUR = 96
GROWTH_HOURS = 72


class Population(NamedTuple):
    """All cells that a field will ever hold, in the order of their birth."""

    bodies: Bodies
    radii: np.ndarray
    """float64 [N, P]: outlines when spread."""
    calm: np.ndarray
    """float64 [N] in [0, 1): the cells with the lowest values are the first to round up."""
    wander: np.ndarray
    """float64 [N, 4]: amplitudes (pixels) and phases (radians) of the movement in x and y."""
    first: float
    """Cells at the start."""
    growth: float
    """Logarithm of the increase in `GROWTH_HOURS`."""


class Snapshot(NamedTuple):
    """The cells of a field at one time."""

    bodies: Bodies
    radii: np.ndarray
    """float64 [N, P]: free outlines, in the cells' own coordinates."""
    rounded: np.ndarray
    """bool [N]: round and detached, rather than spread on the ground."""


def draw_population(rng: np.random.Generator, traits: CellType, height: int, width: int) -> Population:
    """Draw the cells of a field of `height` x `width` pixels, and of a margin around it."""
    margin = 2 * np.sqrt(traits.area / np.pi)
    room = (height + 2 * margin) * (width + 2 * margin) / LIVECELL_PIXELS
    crowd = np.clip(rng.lognormal(0, 0.25), 0.7, 1.3)
    first, growth = traits.cells[0] * room * crowd, np.log(traits.cells[1] / traits.cells[0])
    number = max(int(first * np.exp(growth * LAST_HOUR / GROWTH_HOURS)), 1)
    area = traits.area * rng.lognormal(0, traits.area_spread, number)
    radius = np.sqrt(np.clip(area, traits.area / 6, traits.area * 6) / np.pi)
    centre, angle = _settle(rng, traits, radius, np.array([width, height]), margin)
    aspect = np.maximum(traits.aspect[0] * rng.lognormal(0, traits.aspect[1], number), 1)
    bodies = Bodies(centre, radius, np.sqrt(aspect), angle, rng.normal(0, traits.bend, number))
    wander = np.concatenate(
        [rng.uniform(0.2, 0.7, (number, 2)) * radius[:, None], rng.uniform(0, 2 * np.pi, (number, 2))], axis=1
    )
    return Population(bodies, draw_radii(rng, traits, number), rng.random(number), wander, first, growth)


def _settle(
    rng: np.random.Generator, traits: CellType, radius: np.ndarray, size: np.ndarray, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """Place cell after cell, beside an earlier one or anywhere, where it presses least on the others."""
    number, candidates = len(radius), 12
    centre = rng.uniform(-margin, size + margin, (number, candidates, 2))
    direction = rng.uniform(0, 2 * np.pi, (number, candidates))
    step = np.stack([np.cos(direction), np.sin(direction)], axis=-1)
    attach = rng.random(number) < traits.attach
    choice = rng.random((number, candidates))
    angle = rng.uniform(-np.pi, np.pi, number)
    turn = rng.normal(0, 0.5, number)
    placed = centre[:, 0].copy()
    for cell in range(1, number):
        options = centre[cell]
        parents = (choice[cell] * cell).astype(np.intp)
        reach = traits.spacing * (radius[:cell] + radius[cell])
        if attach[cell]:
            options = placed[parents] + step[cell] * reach[parents, None]
        gap = options[:, None] - placed[None, :cell]
        clearance = np.minimum((np.hypot(gap[..., 0], gap[..., 1]) / reach).min(axis=1), 0.98)
        inside = np.all((options > -margin) & (options < size + margin), axis=1)
        best = int(np.argmax(np.where(inside, clearance, -1)))
        placed[cell] = options[best]
        if attach[cell]:
            angle[cell] = angle[parents[best]] + turn[cell]
    return placed, angle


def snapshot(population: Population, traits: CellType, minutes: int) -> Snapshot:
    """Return the cells that are there `minutes` after the start, where and as they are then."""
    hours = min(minutes / 60, LAST_HOUR)
    number = int(population.first * np.exp(population.growth * hours / GROWTH_HOURS))
    now = slice(max(number, 1))
    bodies = population.bodies.take(now)
    amplitude, phase = population.wander[now, :2], population.wander[now, 2:]
    centre = bodies.centre + amplitude * np.sin(2 * np.pi * hours / 36 + phase)
    share = np.interp(hours, [0, GROWTH_HOURS], traits.rounded)
    rounded = population.calm[now] < share
    return Snapshot(*_round_up(bodies._replace(centre=centre), population.radii[now], traits, rounded), rounded)


def _round_up(
    bodies: Bodies, radii: np.ndarray, traits: CellType, rounded: np.ndarray
) -> tuple[Bodies, np.ndarray]:
    # A detached cell keeps its volume, so that large cells make large balls.
    ball = bodies.radius * np.sqrt(traits.rounded_area / traits.area)
    typical = np.sqrt(traits.rounded_area / np.pi)
    bodies = bodies._replace(
        radius=np.where(rounded, typical * np.sqrt(np.sqrt(ball / typical)), bodies.radius),
        stretch=np.where(rounded, np.sqrt(np.sqrt(bodies.stretch)), bodies.stretch),
        bend=np.where(rounded, 0, bodies.bend),
    )
    return bodies, np.where(rounded[:, None], 1 + 0.12 * (radii - 1), radii)
