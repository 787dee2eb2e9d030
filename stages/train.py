"""train: fit one model on the training crops, and keep its best weights on the validation images."""

import json
import shutil
from pathlib import Path

from monolayer.models._files import write_model
from monolayer.models._settings import selected_model
from monolayer.packing import read_packed
from monolayer.parameters import read_parameters
from monolayer.training._settings import read_seed, training_of
from monolayer.training.fit import fit
from monolayer.training.history import best_epoch, write_history
from monolayer.training.origin import fingerprint, origin_of, with_known_levels
from stages.command import run


def train(
    name: str,
    packed: Path,
    scratch: Path,
    out: Path,
    metrics: Path,
    plots: Path,
) -> None:
    """Train the entry `name` of ``models:``; a killed training goes on from its checkpoint in `scratch`."""
    parameters = read_parameters()
    seed = read_seed(parameters)
    architecture, model_settings = selected_model(parameters, name)
    settings = training_of(parameters, name, model_settings)
    train, val = (read_packed(packed / split) for split in ("train", "val"))
    model_settings = with_known_levels(model_settings, train)
    origin = origin_of(model_settings, settings, seed, train, val)
    running = scratch / fingerprint(name, model_settings, origin)
    trained = fit(architecture, model_settings, settings, train, val, seed, running)
    write_model(out, model_settings, trained.weights, origin)
    write_history(plots, trained.history)
    epoch, dice = best_epoch(trained.history)
    summary = {
        "val_dice": dice,
        "best_epoch": epoch,
        "epochs": len(trained.history),
        "crops": trained.crops,
        "parameters": trained.parameters,
    }
    metrics.parent.mkdir(parents=True, exist_ok=True)
    metrics.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(running)


if __name__ == "__main__":
    run(train)
