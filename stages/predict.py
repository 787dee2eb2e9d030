"""predict: apply a trained model to the validation and test images."""

from pathlib import Path

from monolayer.annotations.coco import place_in_time, read_coco
from monolayer.compute.accelerator import memory_decided_by
from monolayer.compute.parallel import map_in_threads
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder, read_tuned
from monolayer.images.files import ImageFolder
from monolayer.inference.settings import PredictSettings
from monolayer.inference.whole_image import Applied, prepared
from monolayer.models.base.files import read_model
from monolayer.models.base.model import Maps
from monolayer.parameters import read_parameters, section
from monolayer.predictions.cells import Prediction
from monolayer.predictions.files import distinct_images, write_predictions
from stages.command import run


def predict(model: Path, tuned: Path, annotations: Path, images: Path, out: Path) -> None:
    """Write ``{split}.json`` and ``foreground/{split}/{image id}.png`` below `out`, for val and test."""
    parameters = read_parameters()
    settings = section(parameters, "predict", PredictSettings)
    compute = section(parameters, "compute", ComputeSettings)
    trained = prepared(read_model(model), compute)
    decoder = load_decoder(trained.decoder)
    decoder_settings = read_tuned(tuned, decoder)
    folder = ImageFolder(images)

    def decoded(output: tuple[list[int], Maps]) -> tuple[list[int], Prediction]:
        ids, own = output
        return ids, Prediction(own.foreground, decoder.decode(own.maps, decoder_settings))

    for split in ("val", "test"):
        listed = trained.in_order(read_coco(annotations / f"{split}.json").images)
        files = distinct_images(listed, folder, split)
        apply = Applied(trained, settings, compute.precision)
        outputs = ((ids, apply(pixels, place_in_time(image).sequence)) for ids, image, pixels in files)
        with memory_decided_by("predict.tile"):
            write_predictions(out, split, map_in_threads(decoded, outputs, compute))


if __name__ == "__main__":
    run(predict)
