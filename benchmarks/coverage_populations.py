"""Simulated test images: how well methods do on them, with a known truth."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Values = Callable[[np.ndarray], np.ndarray]
"""A score of R draws of N images: takes weights [R, N], returns float64 [R]."""


class Sample(NamedTuple):
    """A score of the images of one simulated test set."""

    value: Values
    parts: np.ndarray | None
    """What the score is the ratio of, summed over images, float64 [2, N]; None of AP."""


class Population(NamedTuple):
    """Where test sets come from."""

    draw: Callable[[np.random.Generator, int], Sample]
    """Take N images."""
    true: float
    """The score of all images that there could be."""
    simulated: int = 1000
    """Test sets that are taken; the standard error of a fraction near .95 is .007."""


def ratio_of(numerator: np.ndarray, denominator: np.ndarray) -> Sample:
    """Return a score that is a ratio of sums over images."""
    parts = np.stack([numerator, denominator]).astype(np.float64)

    def value(weights: np.ndarray) -> np.ndarray:
        above, below = (weights @ parts.T).T
        return above / below

    return Sample(value, parts)


def mean_of(values: np.ndarray) -> Sample:
    """Return the mean of a score over images."""
    return ratio_of(values, np.ones(len(values)))


def dice_mild(rng: np.random.Generator, images: int) -> Sample:
    """Mean Dice, mildly skewed (-0.7): 0.83 with a standard deviation of 0.075."""
    return mean_of(rng.beta(20, 4, images))


def dice_failing(rng: np.random.Generator, images: int) -> Sample:
    """Mean Dice of a method that fails on one image in ten: 0.2 there, 0.9 elsewhere."""
    fails = rng.random(images) < 0.1
    return mean_of(np.where(fails, rng.beta(2, 8, images), rng.beta(45, 5, images)))


def dice_difference(rng: np.random.Generator, images: int) -> Sample:
    """Difference in mean Dice of two methods on the same images: 0.02, heavy-tailed (t with 4 degrees)."""
    return mean_of(0.02 + 0.02 * rng.standard_t(4, images))


def f1_pooled(rng: np.random.Generator, images: int) -> Sample:
    """F1 of the cells of all images together, their number per image varies tenfold and more."""
    cells, quality = _cells(rng, images)
    matched = rng.binomial(cells, quality)
    return ratio_of(2 * matched, 2 * cells)


def ap50_pooled(rng: np.random.Generator, images: int) -> Sample:
    """AP50 of the detections of all images, ranked together."""
    cells, quality = _cells(rng, images)
    right_of, wrong_of = rng.binomial(cells, quality), rng.poisson(0.6 * cells * (1 - quality))
    image = np.repeat(np.tile(np.arange(images), 2), np.concatenate([right_of, wrong_of]))
    right = np.arange(len(image)) < right_of.sum()
    order = np.argsort(-(rng.normal(1.2 * right, 1) + rng.normal(0, 0.5, images)[image]))
    return Sample(lambda weights: average_precision(weights, image[order], right[order], cells), None)


def _cells(rng: np.random.Generator, images: int) -> tuple[np.ndarray, np.ndarray]:
    cells = np.exp(rng.normal(2, 0.8, images)).astype(np.int64) + 1
    crowded = np.log(cells) - 2
    return cells, 1 / (1 + np.exp(-rng.normal(0.8, 0.8, images) + 0.3 * crowded))


def average_precision(
    weights: np.ndarray, image: np.ndarray, right: np.ndarray, cells: np.ndarray
) -> np.ndarray:
    """Return the area below precision over recall, where COCO takes 101 recalls, of weights [R, N]."""
    drawn = weights[:, image]
    found = np.cumsum(drawn * right, axis=1)
    precision = found / np.maximum(np.cumsum(drawn, axis=1), 1e-9)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return (drawn * right * best).sum(axis=1) / (weights @ cells)


def populations() -> dict[str, Population]:
    """Return all by name; the truth of pooled scores is that of a large sample."""
    large = np.random.default_rng(12345)
    every = np.ones((1, 40_000))
    return {
        "mean Dice, mild skew": Population(dice_mild, 20 / 24),
        "mean Dice, one image in ten fails": Population(dice_failing, 0.1 * 0.2 + 0.9 * 0.9),
        "difference in mean Dice": Population(dice_difference, 0.02),
        "pooled F1": Population(f1_pooled, float(f1_pooled(large, 40_000).value(every)[0])),
        "pooled AP50": Population(ap50_pooled, float(ap50_pooled(large, 40_000).value(every)[0]), 500),
    }
