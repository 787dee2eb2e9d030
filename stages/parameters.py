"""parameters: read all of params.yaml before anything is deleted or computed."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from monolayer.annotations.label_images import MaskSettings
from monolayer.annotations.sampling import SampleSettings
from monolayer.baseline.scoring import BaselineSettings
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._settings import read_dataset, require_outside, selected_dataset
from monolayer.errors import InputError
from monolayer.evaluation.settings import CompareSettings, EvaluateSettings
from monolayer.exploration.summary import ExploreSettings
from monolayer.inference.search import load_decoder_settings, read_search
from monolayer.inference.settings import TuneSettings
from monolayer.metrics import cells, foreground
from monolayer.metrics.files import write_metrics
from monolayer.metrics.ranked_detections import DRAWN
from monolayer.models.base.settings import PredictSettings, selected_model
from monolayer.parameters import Settings, lookup, read_parameters, section
from monolayer.training.settings import TrainSettings, read_seed, training_of
from stages.command import run
from stages.missing_inputs import check_inputs

SECTIONS: dict[str, type[Settings]] = {
    "sample": SampleSettings,
    "deduplicate": CleaningSettings,
    "masks": MaskSettings,
    "explore": ExploreSettings,
    "baseline": BaselineSettings,
    "train": TrainSettings,
    "predict": PredictSettings,
    "tune": TuneSettings,
    "evaluate": EvaluateSettings,
    "compare": CompareSettings,
    "compute": ComputeSettings,
}
DAG = Path(__file__).resolve().parents[1] / "dvc.yaml"
TAKEN = ("baseline", "images", "cells", "removed", "cleaning", "dataset", "models", "comparison")
"""Files of metrics/ that no model's may replace."""


def parameters(out: Path, models: Path) -> None:
    """Check params.yaml as a whole, and write the names of its models to `models`.

    What is written to `out` is always the same, so that nothing reruns.
    """
    content = read_parameters()
    faults = find_faults(content)
    if isinstance(lookup(content, "models"), dict):
        # Refused or not: DVC has deleted the file, which is in Git and is to stay there.
        write_metrics(models, {"models": list(content["models"])})
    if faults:
        raise InputError("\n".join([*faults, "To take the last changes back: git checkout params.yaml"]))
    check_inputs()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("params.yaml is valid\n", encoding="utf-8")


def find_faults(parameters: dict[str, Any]) -> list[str]:
    """Return what is wrong with the parameters, a line or more for each fault."""
    for key in ("datasets", "models", "decode"):
        if not isinstance(entries := lookup(parameters, key), dict):
            return [f"params.yaml: {key}: expected names with their settings, found {entries!r}"]
    checks: list[Callable[[], object]] = [
        partial(selected_dataset, parameters),
        partial(_check_locations, parameters),
        *(partial(read_dataset, parameters, name) for name in parameters["datasets"]),
        *(partial(section, parameters, key, kind) for key, kind in SECTIONS.items()),
        partial(read_seed, parameters),
        *(partial(_check_model, parameters, name) for name in parameters["models"]),
        *(partial(_check_decoder, parameters, head) for head in parameters["decode"]),
        partial(_check_scores, parameters),
    ]
    faults = [] if parameters["models"] else ["params.yaml: models: name a model at least"]
    for check in checks:
        try:
            check()
        except InputError as error:
            faults.append(str(error))
    return list(dict.fromkeys(faults))


def _check_locations(parameters: dict[str, Any]) -> None:
    # DVC empties the outs of a stage before the stage could say that the data lie in one.
    _, settings = selected_dataset(parameters)
    key = f"datasets.{parameters['dataset']}"
    for stage in yaml.safe_load(DAG.read_text(encoding="utf-8"))["stages"].values():
        for out in stage.get("do", stage).get("outs", []):
            require_outside(settings, Path(out.partition("/${")[0]), f"params.yaml: {key}")


def _check_model(parameters: dict[str, Any], name: str) -> None:
    key = f"models.{name}"
    if not isinstance(name, str):  # as YAML reads 18, true or 2024-05-01
        raise InputError(f"params.yaml: {key}: YAML takes this name for no text: write '{name}' in quotes")
    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
        raise InputError(f"params.yaml: {key}: a name has letters, digits, '-' and '_' alone")
    if name in TAKEN:
        raise InputError(f"params.yaml: {key}: metrics/{name}.json is taken: name the model otherwise")
    settings = selected_model(parameters, name)
    training_of(parameters, name, settings)
    head = lookup(parameters, f"{key}.head.method")
    lookup(parameters, f"decode.{head}")


def _check_decoder(parameters: dict[str, Any], head: str) -> None:
    key = f"decode.{head}"
    read_search(lookup(parameters, key), load_decoder_settings(head), key)


def _check_scores(parameters: dict[str, Any]) -> None:
    ranking = section(parameters, "compare", CompareSettings)
    tuning = section(parameters, "tune", TuneSettings)
    of_cells = [*cells.SCORES, *DRAWN]
    every = [*foreground.SCORES, *of_cells]
    for key, scores, known in (
        ("compare.score", [ranking.score], every),
        ("compare.scores", ranking.scores, every),
        ("tune.score", [tuning.score], of_cells),
    ):
        if unknown := [score for score in scores if score not in known]:
            raise InputError(
                f"params.yaml: {key}: there is no score {unknown[0]!r}; valid: {', '.join(known)}"
            )


if __name__ == "__main__":
    run(parameters)
