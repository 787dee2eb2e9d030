"""A model's outputs for images of any size: whole where they fit, else overlapping, blended tiles."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from monolayer.accelerator import autocast, find_device
from monolayer.candidates import find_candidates
from monolayer.compute import ComputeSettings, Precision
from monolayer.models._detector import Detector
from monolayer.models._model import Model
from monolayer.models._pixels import PixelModel, outputs_at_stride
from monolayer.normalisation import grey_histogram, offset_and_scale
from monolayer.parameters import Number, Settings
from monolayer.prediction import Cells, best_scores
from monolayer.resizing import resize_image


class PredictSettings(Settings):
    """How trained models are applied."""

    tile: int = Field(default=1024, ge=64, multiple_of=32)
    """Images with a longer side, in pixels, are cut into square tiles of this size."""
    overlap: Number = Field(default=0.25, ge=0, lt=1)
    """Share of a tile that its neighbours cover too; a Gaussian weight blends them."""
    test_time_augmentation: bool = False
    """Average the outputs of all eight right-angle turns and reflections, for eight times the time; the
    candidates of a detector are gathered from all of them."""


class Maps(NamedTuple):
    """What a model says of one image."""

    foreground: np.ndarray
    """Probability of belonging to a cell, float32 [H, W]."""
    maps: np.ndarray | Cells
    """What the model's decoder reads: float32 [M, H, W], or the candidates of a detector."""


def prepared(model: Model, compute: ComputeSettings) -> Model:
    """Bring a model to the device, layout and threads in which it is applied."""
    torch.set_num_threads(compute.threads)
    # Channels last: V-Net takes 40 % less time per image on a CPU, the other nets about the same.
    model = model.to(find_device(compute.accelerator)).to(memory_format=torch.channels_last)
    if compute.compile is not None:
        model.compile(mode=compute.compile)
    return model


@torch.inference_mode()
def predict_maps(
    model: Model, image: np.ndarray, settings: PredictSettings, precision: Precision = "auto"
) -> Maps:
    """Apply a model to one image.

    Parameters
    ----------
    model
        In evaluation mode, on any device.
    image
        Grey levels, uint8 [H, W].
    settings
        Tiling and test-time augmentation.
    precision
        Number format of the net.
    """
    device = next(model.parameters()).device
    pixels = torch.from_numpy(_as_seen(image, model)).to(device)[None, None]  # (1, 1, H, W)
    with autocast(precision, device):
        if isinstance(model, Detector):
            return _detected(model, pixels, settings)
        assert isinstance(model, PixelModel)  # there is no third kind
        return _mapped(model, pixels, image.shape, settings)


def _detected(model: Detector, pixels: Tensor, settings: PredictSettings) -> Maps:
    all_turns = settings.test_time_augmentation
    cells = find_candidates(model, pixels, settings.tile, settings.overlap, all_turns)
    return Maps(best_scores(cells, *pixels.shape[-2:]), cells)


def _mapped(model: PixelModel, pixels: Tensor, shape: tuple[int, ...], settings: PredictSettings) -> Maps:
    apply = model if max(pixels.shape) <= settings.tile else _tiled(model, settings)
    outputs = _outputs(model, apply, pixels, settings.test_time_augmentation)
    if model.resize is not None:
        outputs = interpolate(outputs.float(), size=shape, mode="bilinear", antialias=True)
    foreground, maps = model.foreground(outputs)[0], model.maps(outputs)[0]
    return Maps(foreground.cpu().numpy(), maps.cpu().numpy())


def _as_seen(image: np.ndarray, model: Model) -> np.ndarray:
    """Return the image as the model's net is to see it: resized and normalised, float32 [H, W]."""
    ((offset, scale),) = offset_and_scale(grey_histogram(image)[None], model.normalise)
    seen = image if model.resize is None else resize_image(image, model.resize)
    return (seen - offset) / scale


def _outputs(model: PixelModel, apply: Callable[[Tensor], Tensor], images: Tensor, all_turns: bool) -> Tensor:
    if not all_turns:
        return outputs_at_stride(apply, model.stride, images)
    total = torch.zeros(())
    for turns, reflected in itertools.product(range(4), (False, True)):
        turned = torch.rot90(images.flip(-1) if reflected else images, turns, dims=(-2, -1))
        outputs = torch.rot90(outputs_at_stride(apply, model.stride, turned), -turns, dims=(-2, -1))
        outputs = (outputs.flip(-1) if reflected else outputs).float()
        total = total + model.turned_back(outputs, turns, reflected)
    return total / 8


def _tiled(model: PixelModel, settings: PredictSettings) -> Callable[[Tensor], Tensor]:
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
