"""tune: choose a decoder's settings on cleaned validation images."""

from pathlib import Path

from monolayer.annotations.coco import place_in_time, read_coco
from monolayer.annotations.sampling import spread
from monolayer.compute.accelerator import memory_decided_by
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.decoders.base.search import read_search
from monolayer.evaluation.cells import annotated_images, true_cells
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.images.files import ImageFolder, read_image
from monolayer.inference.settings import PredictSettings, TuneSettings
from monolayer.inference.tuning import DecodeTask, images_to_tune_on, tune_decoder, write_trials, write_tuned
from monolayer.inference.whole_image import Applied, prepared
from monolayer.models.base.files import read_model
from monolayer.parameters import lookup, read_parameters, section
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
    search = read_search(lookup(parameters, key), decoder.Settings, key)
    coco, folder = read_coco(val), ImageFolder(images)
    listed = spread(images_to_tune_on(coco.images, settings), settings.images)
    apply, truths = Applied(trained, predict_settings, compute.precision), annotated_images(coco, listed)
    by_id, tasks = {truth.image.id: truth for truth in truths}, []
    with memory_decided_by("predict.tile"):
        for image in trained.with_context(listed, coco.images):
            pixels = read_image(folder.path(image.file_name, "val"), image)
            maps = apply(pixels, place_in_time(image).sequence).maps
            if image.id in by_id:
                tasks.append(DecodeTask(maps, true_cells(by_id[image.id])))
    trials = tune_decoder(decoder, tasks, search, settings, cell_settings, compute)
    write_tuned(metrics, trained.decoder, trials, settings)
    write_trials(plots / "trials.csv", trials, settings.score)


if __name__ == "__main__":
    run(tune)
