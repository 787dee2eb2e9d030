"""tune: choose a decoder's settings on cleaned validation images."""

from pathlib import Path

from monolayer.accelerator import memory_decided_by
from monolayer.cell_evaluation import annotated_images, true_cells
from monolayer.coco import place_in_time, read_coco
from monolayer.compute import ComputeSettings
from monolayer.decoding import load_decoder
from monolayer.evaluation import EvaluateSettings
from monolayer.images import ImageFolder, read_image
from monolayer.inference import Applied, PredictSettings, prepared, with_frames_before
from monolayer.models._files import read_model
from monolayer.parameters import lookup, read_parameters, section
from monolayer.sampling import spread
from monolayer.tuning import (
    DecodeTask,
    TuneSettings,
    images_to_tune_on,
    read_search,
    tune_decoder,
    write_trials,
    write_tuned,
)
from stages.command import run


def tune(model: Path, val: Path, images: Path, metrics: Path, plots: Path) -> None:
    """Write the best settings as metrics, and all trials as trials.csv."""
    parameters = read_parameters()
    settings = section(parameters, "tune", TuneSettings)
    predict_settings = section(parameters, "predict", PredictSettings)
    cell_settings = section(parameters, "evaluate", EvaluateSettings)
    compute = section(parameters, "compute", ComputeSettings)
    trained = prepared(read_model(model), compute)
    decoder = load_decoder(trained.decoder)
    key = f"decode.{trained.decoder}"
    search = read_search(lookup(parameters, key), decoder, key)
    coco, folder = read_coco(val), ImageFolder(images)
    listed = spread(images_to_tune_on(coco.images, settings), settings.images)
    apply, truths = Applied(trained, predict_settings, compute.precision), annotated_images(coco, listed)
    by_id, tasks = {truth.image.id: truth for truth in truths}, []
    with memory_decided_by("predict.tile"):
        for image in with_frames_before(trained, listed, coco.images):
            pixels = read_image(folder.path(image.file_name, "val"), image)
            maps = apply(pixels, place_in_time(image).sequence).maps
            if image.id in by_id:
                tasks.append(DecodeTask(maps, true_cells(by_id[image.id])))
    trials = tune_decoder(decoder, tasks, search, settings, cell_settings, compute)
    write_tuned(metrics, trained.decoder, trials, settings)
    write_trials(plots / "trials.csv", trials, settings.score)


if __name__ == "__main__":
    run(tune)
