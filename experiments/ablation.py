"""``python -m experiments.ablation optimizers``: queue the runs of an ablation, wait, and draw them all."""

import argparse
import sys
from pathlib import Path
from typing import Any

from experiments.declaration import Ablation, read_ablations, run_entry, set_param_flags
from experiments.histories import draw_histories
from experiments.repository import (
    Experiment,
    dvc,
    follow_queue,
    has_code_of_workspace,
    workspace_and_experiments,
)
from monolayer.errors import InputError
from monolayer.parameters import lookup

RESULTS = Path("experiments/results")
# Each run is an entry of this name, which params.yaml has in the run's experiment alone.
ENTRY = "ablation"
STAGE = f"train@{ENTRY}"
DATA = "data/packed"
TRAINING = f"metrics/train/{ENTRY}.json"
LOG_LINES = 15


def ablation(name: str) -> None:
    """Train the runs of an ablation that are not there yet, and write the plots and the table of all.

    Raises
    ------
    InputError
        A run failed; the others' plots are written before.
    """
    declared = read_ablations()[name]
    runs = {run: f"{name}-{run}" for run in declared.runs}
    queue_runs(declared, runs)
    follow_queue()
    _, _, experiments = workspace_and_experiments()
    ended = {experiment.name: experiment for experiment in experiments if experiment.state == "success"}
    done = {run: ended[experiment] for run, experiment in runs.items() if experiment in ended}
    if done:
        draw_histories(declared.title, done, TRAINING, RESULTS / name)
    if failed := [experiment for experiment in runs.values() if experiment not in ended]:
        raise InputError("\n\n".join(map(_failure, failed)))


def queue_runs(declared: Ablation, runs: dict[str, str]) -> None:
    """Queue an experiment for each run that is not there, or on its way, with these settings, code and data.

    Parameters
    ----------
    declared
        The ablation.
    runs
        The experiment's name for each run's.

    Raises
    ------
    InputError
        params.yaml has a model of the name that the runs take.
    """
    workspace, _, experiments = workspace_and_experiments()
    models = lookup(workspace.parameters, "models")
    if ENTRY in models:
        raise InputError(f"params.yaml: models.{ENTRY}: ablations take this name: give that model another")
    present = {experiment.name: experiment for experiment in experiments}
    for run, name in runs.items():
        entry = run_entry(declared, run, workspace.parameters)
        wanted = {**workspace.parameters, "models": {**models, ENTRY: entry}}
        if name in present and _is_up_to_date(present[name], wanted, workspace.outs):
            print(f"{name} is there already, {present[name].state}")
            continue
        if name in present:
            dvc("exp", "remove", name)
        print(f"{name} is queued")
        dvc("exp", "run", "--queue", "--name", name, *set_param_flags(f"models.{ENTRY}", entry), STAGE)


def _is_up_to_date(experiment: Experiment, parameters: dict[str, Any], outs: dict[str, Any]) -> bool:
    return (
        experiment.state != "failed"
        and experiment.parameters == parameters
        and experiment.outs.get(DATA) == outs.get(DATA)
        and has_code_of_workspace(experiment.rev)
    )


def _failure(name: str) -> str:
    try:
        log = dvc("queue", "logs", name)
    except InputError as error:
        log = str(error)
    end = "\n".join(log.rstrip().splitlines()[-LOG_LINES:])
    return f"{name} failed; its log (`dvc queue logs {name}`) ends:\n{end}"


def main() -> None:
    """Read the command line; errors that a user is meant to read end it with their message alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=read_ablations())
    name = parser.parse_args().name
    try:
        ablation(name)
    except InputError as error:
        sys.exit(f"ablation {name}: {error}")


if __name__ == "__main__":
    main()
