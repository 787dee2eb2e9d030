"""How often intervals hold the truth, on simulated test sets whose truth is known.

``python -m benchmarks.coverage`` compares ways to make a 95 % interval of one score, to draw images that are
of the same wells, and to say which of several methods differ. It writes benchmarks/results/coverage.json and
coverage.md in some minutes; `monolayer.evaluation.interval_notes` says its figures below each comparison.
"""

from typing import Any, NamedTuple

import numpy as np

from benchmarks.coverage_populations import Population, mean_of, populations
from benchmarks.coverage_rules import DRAWS, Interval, intervals
from benchmarks.measure import RESULTS, write_result
from monolayer.metrics.bootstrap import draw_images, sampling_of
from monolayer.metrics.intervals import distinct_pairs, joint_error, t_quantile

IMAGES = (2, 4, 8, 16, 40, 100)
SIMULATED = 1000
"""Test sets of wells, and comparisons of equal methods."""


def main() -> None:
    result = {
        "simulated": SIMULATED,
        "draws": DRAWS,
        "wells": {design.name: wells(design) for design in DESIGNS},
        "one_score": {name: one_score(own) for name, own in populations().items()},
        "equal_methods": {
            f"{methods} methods, {images} images": equal_methods(methods, images)
            for methods in (2, 13)
            for images in (4, 8, 16, 40, 100)
        },
    }
    write_result("coverage", result)
    (RESULTS / "coverage.md").write_text(as_markdown(result), encoding="utf-8")


def one_score(population: Population) -> dict[str, dict[str, Any]]:
    """Return by number of images and rule: fraction of intervals that hold the truth, and median width."""
    return {str(images): held(population, images) for images in IMAGES}


def held(population: Population, images: int) -> dict[str, Any]:
    """Return by rule how often intervals of so many images hold the truth."""
    rng = np.random.default_rng(images)
    found = [intervals(population.draw(rng, images), images, seed) for seed in range(population.simulated)]
    return {rule: _summary([own[rule] for own in found], population.true) for rule in found[0]}


def _summary(ends: list[Interval], true: float | np.ndarray) -> dict[str, float]:
    low, high = np.array(ends).T
    return {
        "held": round(float(((low <= true) & (true <= high)).mean()), 3),
        "width": round(float(np.median(high - low)), 4),
    }


class Design(NamedTuple):
    """A test set of several cell types, wells and images."""

    name: str
    types: int
    wells: int
    """Of each type."""
    images: int
    """Of each well."""
    between: float = 0.05
    """Standard deviation of the types' means; that of a type's images is .1, intra-class correlation .3."""
    uneven: bool = False
    """Types vary more or less than others, up to tenfold, and wells are skewed to bad ones."""


DESIGNS = (
    Design("24 wells of 8 types, 64 images each", 8, 3, 64),
    Design("24 wells of 8 types, 64 images each, types vary unevenly", 8, 3, 64, uneven=True),
    Design("24 wells of one type, 64 images each", 1, 24, 64),
    Design("8 wells of 8 types, 2 images each", 8, 1, 2),
    Design("16 images of 8 types, a well each", 8, 2, 1),
    Design("6 wells of one type, 20 images each", 1, 6, 20),
)


def wells(design: Design) -> dict[str, dict[str, float]]:
    """Return by what is drawn how often intervals of a mean hold the truth, the types being given."""
    rng = np.random.default_rng(0)
    types = np.repeat(np.arange(design.types), design.wells * design.images)
    well = np.repeat(np.arange(design.types * design.wells), design.images)
    alone = np.arange(len(well))
    samplings = {
        "images": sampling_of(map(str, alone), [""] * len(alone)),
        "wells": sampling_of(map(str, well), [""] * len(well)),
        "wells within types": sampling_of(map(str, well), map(str, types)),
    }
    weights = {rule: draw_images(own, DRAWS, seed=0) for rule, own in samplings.items()}
    ends: dict[str, list[Interval]] = {rule: [] for rule in samplings}
    truths = []
    for _ in range(SIMULATED):
        values, true = _values(rng, design, types, well)
        truths.append(true)
        for rule, own in samplings.items():
            draws = mean_of(values).value(weights[rule])
            reach = t_quantile(own.freedom) * draws.std(ddof=1)
            ends[rule].append((values.mean() - reach, values.mean() + reach))
    return {rule: _summary(own, np.array(truths)) for rule, own in ends.items()}


def _values(
    rng: np.random.Generator, design: Design, types: np.ndarray, well: np.ndarray
) -> tuple[np.ndarray, float]:
    means = rng.normal(0.8, design.between, design.types)
    scale = 0.1 * (np.geomspace(0.2, 2, design.types) if design.uneven else np.ones(design.types))
    number = design.types * design.wells
    of_well = (2 - rng.gamma(2, 1, number)) / np.sqrt(2) if design.uneven else rng.normal(0, 1, number)
    noise = np.sqrt(0.3) * of_well[well] + np.sqrt(0.7) * rng.normal(0, 1, len(well))
    return means[types] + scale[types] * noise, float(means.mean())


def equal_methods(methods: int, images: int, simulated: int = SIMULATED) -> dict[str, float]:
    """Return in which fraction of comparisons at least one method is called different from the best.

    All have the same expected Dice; images are hard or easy for all of them.
    """
    rng = np.random.default_rng(images)
    sampling = sampling_of(map(str, range(images)), [""] * images)
    weights = np.concatenate([np.ones((1, images)), draw_images(sampling, DRAWS, seed=0)])
    reach = t_quantile(sampling.freedom, joint_error(methods))
    called = np.zeros(2)
    for _ in range(simulated):
        values = rng.beta(20, 4, (images, 1)) + 0.02 * rng.normal(size=(images, methods))
        drawn = (weights @ values).T / weights.sum(axis=1)
        best = drawn[:, 0].argmax()
        low, high = np.quantile((drawn - drawn[best])[:, 1:], [0.025, 0.975], axis=1)
        others = np.arange(methods) != best
        called += ((low > 0) | (high < 0))[others].any(), distinct_pairs(drawn, reach)[best].any()
    percentile, together = (called / simulated).round(3).tolist()
    return {"percentiles, each on its own": percentile, "all together": together}


ENDLESS = 1000
"""Widths of more are those of draws that do not vary."""
RULES = ("percentile", "expanded percentile", "BCa", "studentised", "Student's t")


def as_markdown(result: dict[str, Any]) -> str:
    """Return the tables of all that was tried."""
    lines = [
        "# How often 95 % intervals hold the truth",
        "",
        f"Per cent of {result['simulated']} simulated test sets (of AP50 500), and the median width. Made by "
        "`python -m benchmarks.coverage`. The project uses Student's t with the standard deviation of the "
        "bootstrap draws.",
        "",
        "| score | images | " + " | ".join(RULES) + " |",
        "|---|---|" + "---|" * len(RULES),
    ]
    for score, by_number in result["one_score"].items():
        for images, own in by_number.items():
            lines.append(
                f"| {score} | {images} | " + " | ".join(_cell(own.get(rule)) for rule in RULES) + " |"
            )
    lines += ["", "Images of wells, by what is drawn (Student's t in each case):", ""]
    lines += ["| test set | images | wells | wells within types |", "|---|---|---|---|"]
    for name, own in result["wells"].items():
        lines.append(f"| {name} | " + " | ".join(_cell(cell) for cell in own.values()) + " |")
    lines += [
        "",
        "Equal methods: per cent of comparisons that call at least one different from the best:",
        "",
    ]
    lines += ["| | percentiles, each on its own | all together |", "|---|---|---|"]
    for name, called in result["equal_methods"].items():
        lines.append(f"| {name} | " + " | ".join(f"{100 * value:.0f}" for value in called.values()) + " |")
    return "\n".join(lines) + "\n"


def _cell(own: dict[str, float] | None) -> str:
    if own is None:
        return ""
    width = f"{own['width']:.3g}" if own["width"] < ENDLESS else "endless"
    return f"{100 * own['held']:.0f} ({width})"


if __name__ == "__main__":
    main()
