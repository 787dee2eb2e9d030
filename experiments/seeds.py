"""``python -m experiments.seeds``: what the seed changes, from experiments that differ in nothing else."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from msgspec.structs import asdict

from experiments.repository import Experiment, code_of, workspace_and_experiments
from monolayer.errors import InputError
from monolayer.evaluation.seeds import (
    Scores,
    SeedDifference,
    SeedRow,
    seed_differences,
    seed_rows,
    seeds_text,
)

RESULTS = Path("experiments/results/seeds")
COMPARISON = "metrics/comparison.json"
HOW = "`dvc exp run --queue -S seed=0,1,2`, then `dvc queue start`"


def compare_seeds() -> None:
    """Print and write the comparison over seeds of each group of experiments that differ in nothing else.

    Raises
    ------
    InputError
        No group has two seeds, or two experiments have one's scores.
    """
    _, head, experiments = workspace_and_experiments()
    finished = [experiment for experiment in [*experiments, head] if experiment.state == "success"]
    groups = [group for group in seed_groups(finished) if len(group) > 1]
    if not groups:
        raise InputError(f"no two experiments derived from HEAD differ in their seed alone: run {HOW}")
    tables: dict[str, list[pd.DataFrame]] = {"seeds": [], "differences": []}
    for group in groups:
        settings = settings_text(group, head)
        rows, differences = compare_group(scores_by_seed(group))
        print(f"\n{settings}\n\n{seeds_text(rows, differences)}")
        for name, records in (("seeds", rows), ("differences", differences)):
            tables[name].append(pd.DataFrame({"settings": settings, **asdict(row)} for row in records))
    for name, parts in tables.items():
        write_table(RESULTS / f"{name}.csv", pd.concat(parts))


def compare_group(scores: Scores) -> tuple[list[SeedRow], list[SeedDifference]]:
    """Return the methods, best first, and the differences of each pair."""
    rows = seed_rows(scores)
    return rows, seed_differences(scores, [row.method for row in rows])


def seed_groups(experiments: Iterable[Experiment]) -> list[dict[int, Experiment]]:
    """Return the experiments of equal settings and code by their seeds; of one seed, the first counts."""
    groups: dict[str, dict[int, Experiment]] = {}
    for experiment in experiments:
        if COMPARISON in experiment.metrics:
            settings = json.dumps(_without_seed(experiment), sort_keys=True)
            group = groups.setdefault(settings + code_of(experiment.rev), {})
            group.setdefault(experiment.parameters["seed"], experiment)
    return [dict(sorted(group.items())) for group in groups.values()]


def _without_seed(experiment: Experiment) -> dict[str, Any]:
    return {key: value for key, value in experiment.parameters.items() if key != "seed"}


def scores_by_seed(group: dict[int, Experiment]) -> Scores:
    """Return the methods' scores by seed.

    Raises
    ------
    InputError
        A comparison is of an earlier version, or two experiments have the same scores: one of them did not
        run as far as the comparison, and shows that of the commit it is derived from.
    """
    scores: dict[int, dict[str, Any]] = {}
    for seed, experiment in group.items():
        own = experiment.metrics[COMPARISON].get("methods")
        if own is None:
            raise InputError(f"{COMPARISON} of {experiment.name} is of an earlier version: run it again")
        for other, row in scores.items():
            if row == own:
                raise InputError(
                    f"{group[other].name} (seed {other}) and {experiment.name} (seed {seed}) have the same "
                    f"scores: one did not run to the end of the pipeline. Take it away with `dvc exp remove` "
                    f"and run {HOW}, without naming a stage"
                )
        scores[seed] = own
    return scores


def settings_text(group: dict[int, Experiment], head: Experiment) -> str:
    """Return in what a group differs from HEAD, and which experiment has which seed."""
    first, *_ = group.values()
    own, committed = _leaves(_without_seed(first)), _leaves(_without_seed(head))
    changes = [f"{key}={value}" for key, value in own.items() if committed.get(key) != value]
    changes += [f"without {key}" for key in committed if key not in own]
    changes += ["other code"] if code_of(first.rev) != code_of(head.rev) else []
    seeds = ", ".join(f"{seed} ({experiment.name})" for seed, experiment in group.items())
    return f"{', '.join(changes) or 'settings of HEAD'}; seeds {seeds}"


def _leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        leaves |= _leaves(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return leaves


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, numbers to six digits, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
    print(f"\ntable: {path}")


def main() -> None:
    """Run; errors that a user is meant to read end it with their message alone."""
    try:
        compare_seeds()
    except InputError as error:
        sys.exit(f"seeds: {error}")


if __name__ == "__main__":
    main()
