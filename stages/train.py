"""train: fit one model on the training crops, and keep its best weights on the validation images."""

import shutil
from pathlib import Path

from monolayer.compute.accelerator import memory_decided_by, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.files import write_model
from monolayer.models.base.settings import PredictSettings, selected_model
from monolayer.models.base.views import TiledViews
from monolayer.parameters import read_parameters, section
from monolayer.training.fit import fit
from monolayer.training.history import scores_of_epoch, where_trained, write_training
from monolayer.training.launchers import needs_workers, say_spare_devices
from monolayer.training.packing import read_packed
from monolayer.training.provenance import fingerprint, provenance_of, with_known_levels
from monolayer.training.settings import check_batch_size, read_seed, training_of
from monolayer.training.workers import run_workers
from stages.command import run


def train(packed: Path, scratch: Path, tracking: Path, out: Path, metrics: Path) -> None:
    """Train the model that `out` is named after; a killed training goes on from its checkpoint."""
    arguments = dict(locals())
    name = out.name
    parameters = read_parameters()
    seed = read_seed(parameters)
    model_settings = selected_model(parameters, name)
    settings = training_of(parameters, name, model_settings)
    asked = section(parameters, "compute", ComputeSettings)
    compute = on_this_machine(asked, model_settings.batch_size)
    check_batch_size(name, model_settings, compute)
    say_spare_devices(name, model_settings, asked, compute)
    if needs_workers(compute):
        return run_workers(train, arguments, int(compute.devices))
    train_split, val_split = (read_packed(packed / split) for split in ("train", "val"))
    model_settings = with_known_levels(model_settings, train_split)
    splits = train_split, val_split
    tile = section(parameters, "predict", PredictSettings).tile
    provenance = provenance_of(model_settings, settings, compute, seed, *splits, tile)
    running = scratch / fingerprint(name, model_settings, provenance)
    views = TiledViews(PredictSettings(tile=tile))
    with memory_decided_by(f"lower models.{name}.batch_size or models.{name}.crop_size"):
        trained = fit(model_settings, settings, compute, *splits, seed, running, tracking, views)
    if trained is None:  # the first process writes the outs
        return
    write_model(out, model_settings, trained.weights, {**provenance, "started_from": trained.started_from})
    facts = {
        **scores_of_epoch(trained.history, trained.best_epoch),
        "validation_images": trained.validation_images,
        "epochs": len(trained.history),
        "crops": trained.crops,
        "parameters": trained.parameters,
        "seconds": round(trained.seconds, 1),
        **where_trained(compute),
    }
    write_training(metrics, facts, trained.history)
    shutil.rmtree(running)


if __name__ == "__main__":
    run(train)
