"""predict: tune the decoder of a trained model on val, then apply both to the val and test images."""

from pathlib import Path

from monolayer.annotations.coco import place_in_time, read_coco
from monolayer.annotations.coco_pieces import read_images
from monolayer.compute.accelerator import memory_decided_by
from monolayer.compute.code_version import write_code_version
from monolayer.compute.parallel import map_in_threads
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.images.folder import ImageFolder
from monolayer.inference.search import read_search
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import best_trial, tune_decoder
from monolayer.inference.tuning_images import images_to_tune_on, tasks_to_tune_on
from monolayer.inference.tuning_results import tuning_text, write_trials, write_tuned
from monolayer.inference.whole_image import Applied, prepared
from monolayer.models.base.files import read_model
from monolayer.models.base.model import Maps
from monolayer.models.base.settings import PredictSettings
from monolayer.parameters import lookup, read_parameters, section
from monolayer.predictions.cells import Prediction
from monolayer.predictions.files import distinct_images, write_predictions
from stages.command import run


def predict(model: Path, val: Path, raw: Path, images: Path, tuned: Path, out: Path) -> None:
    """Write the decoder's settings to `tuned`, and all else below `out`.

    That is trials.csv, {split}.json, foreground/{split}/{image id}.png and code.txt.
    """
    parameters = read_parameters()
    settings = section(parameters, "predict", PredictSettings)
    tuning = section(parameters, "tune", TuneSettings)
    scoring = section(parameters, "evaluate", EvaluateSettings)
    compute = section(parameters, "compute", ComputeSettings)
    trained = prepared(read_model(model), compute)
    decoder = load_decoder(trained.decoder)
    search = read_search(
        lookup(parameters, f"decode.{trained.decoder}"), decoder.Settings, f"decode.{trained.decoder}"
    )
    folder = ImageFolder(images)
    with memory_decided_by(trained.memory_remedy):
        applied = Applied(trained, settings, compute.precision)
        truth = read_coco(val)
        chosen = images_to_tune_on(truth.images, tuning, decoder.Settings)
        tasks = tasks_to_tune_on(applied, truth, chosen, folder)
        trials = tune_decoder(decoder, tasks, search, tuning, scoring, compute)
        write_tuned(tuned, trained.decoder, trials, search, tuning.score)
        write_trials(out / "trials.csv", trials, tuning.score)
        print(tuning_text(trained.decoder, trials, search, tuning.score, len(truth.images)))
        decoder_settings = decoder.Settings(**best_trial(trials, tuning.score).settings)

        def decoded(output: tuple[list[int], Maps]) -> tuple[list[int], Prediction]:
            ids, own = output
            return ids, Prediction(own.foreground, decoder.decode(own.maps, decoder_settings))

        for split in ("val", "test"):
            listed = trained.in_order(read_images(raw / f"{split}.json"))
            files = distinct_images(listed, folder, split)
            applied = Applied(trained, settings, compute.precision)
            outputs = ((ids, applied(pixels, place_in_time(image).sequence)) for ids, image, pixels in files)
            write_predictions(out, split, map_in_threads(decoded, outputs, compute))
    write_code_version(out)


if __name__ == "__main__":
    run(predict)
