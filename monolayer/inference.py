"""A model's outputs for images of any size: whole where they fit, else overlapping, blended tiles."""

import itertools
from collections.abc import Callable

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate, pad

from monolayer.accelerator import autocast
from monolayer.compute import Precision
from monolayer.models._model import Model
from monolayer.normalisation import grey_histogram, offset_and_scale
from monolayer.parameters import Number, Settings
from monolayer.prediction import Prediction
from monolayer.resizing import resize_image


class PredictSettings(Settings):
    """How trained models are applied."""

    threshold: Number = Field(default=0.5, gt=0, lt=1)
    """Foreground probability from which a pixel belongs to a cell."""
    tile: int = Field(default=1024, ge=64, multiple_of=32)
    """Images with a longer side, in pixels, are cut into square tiles of this size."""
    overlap: Number = Field(default=0.25, ge=0, lt=1)
    """Share of a tile that its neighbours cover too; a Gaussian weight blends them."""
    test_time_augmentation: bool = False
    """Average the outputs of all eight right-angle turns and reflections, for eight times the time."""


@torch.inference_mode()
def predict_image(
    model: Model, image: np.ndarray, settings: PredictSettings, precision: Precision = "auto"
) -> Prediction:
    """Apply a model to one image.

    Parameters
    ----------
    model
        In evaluation mode, on any device.
    image
        Grey levels, uint8 [H, W].
    settings
        Threshold and tiling.
    precision
        Number format of the net.
    """
    device = next(model.parameters()).device
    pixels = torch.from_numpy(_as_seen(image, model)).to(device)[None, None]  # (1, 1, H, W)
    apply = model if max(pixels.shape) <= settings.tile else _tiled(model, settings)
    with autocast(precision, device):
        outputs = _outputs(apply, model.stride, pixels, settings.test_time_augmentation)
    if model.resize is not None:
        outputs = interpolate(outputs.float(), size=image.shape, mode="bilinear", antialias=True)
    return model.decode(outputs, settings.threshold)


def _as_seen(image: np.ndarray, model: Model) -> np.ndarray:
    """Return the image as the model's net is to see it: resized and normalised, float32 [H, W]."""
    ((offset, scale),) = offset_and_scale(grey_histogram(image)[None], model.normalise)
    seen = image if model.resize is None else resize_image(image, model.resize)
    return (seen - offset) / scale


def _outputs(apply: Callable[[Tensor], Tensor], stride: int, images: Tensor, all_turns: bool) -> Tensor:
    if not all_turns:
        return outputs_at_stride(apply, stride, images)
    total = torch.zeros(())
    for turns, reflect in itertools.product(range(4), (False, True)):
        turned = torch.rot90(images.flip(-1) if reflect else images, turns, dims=(-2, -1))
        outputs = torch.rot90(outputs_at_stride(apply, stride, turned), -turns, dims=(-2, -1))
        total = total + (outputs.flip(-1) if reflect else outputs).float()
    return total / 8


def outputs_at_stride(apply: Callable[[Tensor], Tensor], stride: int, images: Tensor) -> Tensor:
    """Return the outputs [B, C, H, W] for images [B, 1, H, W], padded by reflection to `stride`."""
    height, width = images.shape[-2:]
    below, right = -height % stride, -width % stride
    # Reflection needs more pixels than it adds; an image as small as that repeats its edge.
    mode = "reflect" if below < height and right < width else "replicate"
    return apply(pad(images, (0, right, 0, below), mode=mode))[..., :height, :width]


def _tiled(model: Model, settings: PredictSettings) -> Callable[[Tensor], Tensor]:
    def apply(images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        return sliding_window_inference(
            images,
            roi_size=(min(settings.tile, height), min(settings.tile, width)),
            sw_batch_size=1,
            predictor=model,
            overlap=settings.overlap,
            mode="gaussian",
        )

    return apply
