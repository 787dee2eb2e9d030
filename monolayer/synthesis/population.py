"""Which cells a field of view holds, and how they move, spread and multiply over time."""

from typing import NamedTuple

import numpy as np

from monolayer.synthesis.cell_types import CellType
from monolayer.synthesis.outlines import Bodies, draw_radii

LIVECELL_PIXELS = 704 * 520
GROWTH_HOURS = 72
"""From then on cells move, but are no more."""


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
    number = max(int(first * np.exp(growth)), 1)
    area = traits.area * rng.lognormal(0, traits.area_spread, number)
    radius = np.sqrt(np.clip(area, traits.area / 6, traits.area * 6) / np.pi)
    first_attach = traits.attach / 2
    attach = rng.random(number) < np.where(np.arange(number) < first, first_attach, traits.attach)
    centre, parent = _settle(rng, traits.spacing, radius, attach, np.array([width, height]), margin)
    aspect = np.maximum(traits.aspect[0] * rng.lognormal(0, traits.aspect[1], number), 1)
    bodies = Bodies(
        centre, radius, np.sqrt(aspect), _inherit(rng, parent, 0.5), rng.normal(0, traits.bend, number)
    )
    amplitude = rng.uniform(0.3, 0.6, (number, 2)) * np.median(radius)
    phase = np.stack([_inherit(rng, parent, 0.3), _inherit(rng, parent, 0.3)], axis=1)
    wander = np.concatenate([amplitude, phase], axis=1)
    return Population(bodies, draw_radii(rng, traits, number), rng.random(number), wander, first, growth)


def _settle(
    rng: np.random.Generator,
    spacing: float,
    radius: np.ndarray,
    attach: np.ndarray,
    size: np.ndarray,
    margin: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Place cell after cell, beside an earlier one or anywhere: centres [N, 2], and the earlier ones [N]."""
    number, candidates = len(radius), 8
    anywhere = rng.uniform(-margin, size + margin, (number, candidates, 2))
    direction = rng.uniform(0, 2 * np.pi, (number, candidates))
    step = np.stack([np.cos(direction), np.sin(direction)], axis=-1)
    choice = rng.random((number, candidates))
    centre, parent = anywhere[:, 0].copy(), np.arange(number)
    for cell in range(1, number):
        parents = (choice[cell] * cell).astype(np.intp)
        reach = spacing * (radius[:cell] + radius[cell])
        beside = centre[parents] + step[cell] * reach[parents, None]
        options = beside if attach[cell] else anywhere[cell]
        best = _best_place(options, centre[:cell], reach, size, margin)
        centre[cell] = options[best]
        parent[cell] = parents[best] if attach[cell] else cell
    return centre, parent


def _best_place(
    options: np.ndarray, centre: np.ndarray, reach: np.ndarray, size: np.ndarray, margin: float
) -> int:
    gap = options[:, None] - centre
    distance = np.hypot(gap[..., 0], gap[..., 1]) / reach
    # Room first; where there is room, company: so islands fill up before they grow.
    merit = np.minimum(distance.min(axis=1), 0.95) + 0.03 * np.count_nonzero(distance < 1.3, axis=1)
    inside = np.all((options > -margin) & (options < size + margin), axis=1)
    return int(np.argmax(np.where(inside, merit, -1)))


def _inherit(rng: np.random.Generator, parent: np.ndarray, spread: float) -> np.ndarray:
    """Draw angles [N], about `spread` radians from the parent's; a founder is its own parent."""
    angle = rng.uniform(0, 2 * np.pi, len(parent))
    turn = rng.normal(0, spread, len(parent))
    for cell in np.flatnonzero(parent != np.arange(len(parent))):
        angle[cell] = angle[parent[cell]] + turn[cell]
    return angle


def snapshot(population: Population, traits: CellType, minutes: int) -> Snapshot:
    """Return the cells that are there `minutes` after the start, where and as they are then."""
    hours = minutes / 60
    grown = min(hours / GROWTH_HOURS, 1)
    number = int(population.first * np.exp(population.growth * grown))
    now = slice(max(number, 1))
    bodies = population.bodies.take(now)
    amplitude, phase = population.wander[now, :2], population.wander[now, 2:]
    centre = bodies.centre + amplitude * np.sin(2 * np.pi * hours / 36 + phase)
    fraction = np.interp(grown, [0, 1], traits.rounded)
    rounded = population.calm[now] < fraction
    return Snapshot(
        *_round_up(bodies._replace(centre=centre), population.radii[now], traits, rounded), rounded
    )


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
