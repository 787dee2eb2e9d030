"""train: fit one model on the training crops, and keep its best weights on the validation images."""

import json
import shutil
from pathlib import Path

from monolayer.compute.accelerator import memory_decided_by, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.files import write_model
from monolayer.models.base.settings import selected_model
from monolayer.parameters import read_parameters, section
from monolayer.training.fit import fit
from monolayer.training.history import best_epoch, write_history
from monolayer.training.packing import read_packed
from monolayer.training.provenance import fingerprint, origin_of, with_known_levels
from monolayer.training.settings import check_shares, read_seed, training_of
from monolayer.training.workers import needs_workers, run_workers
from stages.command import run


def train(
    name: str, packed: Path, scratch: Path, tracking: Path, out: Path, metrics: Path, plots: Path
) -> None:
    """Train the entry `name` of ``models:``; a killed training goes on from its checkpoint in `scratch`."""
    arguments = dict(locals())
    parameters = read_parameters()
    compute = on_this_machine(section(parameters, "compute", ComputeSettings))
    if needs_workers(compute):
        return run_workers(train, arguments, int(compute.devices))
    seed = read_seed(parameters)
    model_settings = selected_model(parameters, name)
    settings = training_of(parameters, name, model_settings)
    check_shares(name, model_settings, compute)
    train_split, val_split = (read_packed(packed / split) for split in ("train", "val"))
    model_settings = with_known_levels(model_settings, train_split)
    origin = origin_of(model_settings, settings, compute, seed, train_split, val_split)
    running = scratch / fingerprint(name, model_settings, origin)
    with memory_decided_by(f"models.{name}.batch_size", f"models.{name}.crop_size"):
        trained = fit(model_settings, settings, compute, train_split, val_split, seed, running, tracking)
    if trained is None:  # the first process writes the outs
        return
    write_model(out, model_settings, trained.weights, {**origin, "started_from": trained.started_from})
    write_history(plots, trained.history)
    summary = {
        **best_epoch(trained.history, trained.judged_by),
        "epochs": len(trained.history),
        "crops": trained.crops,
        "parameters": trained.parameters,
    }
    metrics.parent.mkdir(parents=True, exist_ok=True)
    metrics.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(running)


if __name__ == "__main__":
    run(train)
