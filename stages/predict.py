"""predict: apply a trained model to the validation and test images."""

from pathlib import Path

import torch

from monolayer.accelerator import find_device, memory_decided_by
from monolayer.coco import read_coco
from monolayer.compute import ComputeSettings
from monolayer.images import ImageFolder
from monolayer.inference import PredictSettings, predict_image
from monolayer.models._files import read_model
from monolayer.parameters import read_parameters, section
from monolayer.prediction_files import distinct_images, write_predictions
from stages.command import run


def predict(model: Path, annotations: Path, images: Path, out: Path) -> None:
    """Write ``{split}.json`` and ``foreground/{split}/{image id}.png`` below `out`, for val and test."""
    parameters = read_parameters()
    settings = section(parameters, "predict", PredictSettings)
    compute = section(parameters, "compute", ComputeSettings)
    torch.set_num_threads(compute.threads)
    # Channels last: V-Net takes 40 % less time per image on a CPU, the other nets about the same.
    trained = read_model(model).to(find_device(compute.accelerator)).to(memory_format=torch.channels_last)
    if compute.compile is not None:
        trained.compile(mode=compute.compile)
    folder = ImageFolder(images)
    for split in ("val", "test"):
        listed = read_coco(annotations / f"{split}.json").images
        files = distinct_images(listed, folder, split)
        predictions = (
            (ids, predict_image(trained, image, settings, compute.precision)) for ids, image in files
        )
        with memory_decided_by("predict.tile"):
            write_predictions(out, split, predictions)


if __name__ == "__main__":
    run(predict)
