"""Train an entry of params.yaml on packed images, with other settings."""

import contextlib
import io
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from benchmarks.packed_data import Data
from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.model import Model, build_model
from monolayer.models.base.settings import PredictSettings, selected_model
from monolayer.models.base.views import TiledViews
from monolayer.parameters import read_parameters
from monolayer.training.fit import fit
from monolayer.training.provenance import with_known_levels
from monolayer.training.settings import training_of


def train_entry(
    name: str,
    data: Data,
    compute: ComputeSettings,
    model: dict[str, Any],
    train: dict[str, Any] | None = None,
    seed: int = 0,
) -> tuple[Model, dict[str, Any]]:
    """Return the trained model, and what its training took and gave; `model` and `train` are overrides."""
    parameters = read_parameters(ROOT / "params.yaml")
    parameters["models"][name] |= {**model, "train": train or {}}
    settings = selected_model(parameters, name)
    settings = with_known_levels(settings, data["train"])
    recipe = training_of(parameters, name, settings)
    start, cpu_start = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as temporary, contextlib.redirect_stdout(io.StringIO()):
        folders = Path(temporary, "scratch"), Path(temporary, "logs")
        splits = data["train"], data["val"]
        trained = fit(settings, recipe, compute, *splits, seed, *folders, TiledViews(PredictSettings()))
    assert trained is not None  # there is one process
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    net = build_model(settings)
    net.load_state_dict(trained.weights)
    return net.eval(), {
        "seconds": round(seconds),
        "cpu_s": round(cpu_seconds, 1),
        "val_dice": round(float(trained.history["val_dice"].max()), 4),
        "val_dice_by_epoch": trained.history["val_dice"].round(4).tolist(),
    }
