"""A model's outputs for images of any size: whole where they fit, else overlapping, blended tiles."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from monolayer.accelerator import autocast, find_device
from monolayer.candidates import find_candidates
from monolayer.coco import Image, place_in_time
from monolayer.compute import ComputeSettings, Precision
from monolayer.films import in_time
from monolayer.models._detector import Detector
from monolayer.models._film import FilmModel
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


class Turn(NamedTuple):
    """How an image was turned."""

    turns: int
    """Right angles, as `torch.rot90` does, after the reflection."""
    reflected: bool
    """Left and right were swapped."""


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


class Applied:
    """A model that is applied to one image after the other.

    Parameters
    ----------
    model
        In evaluation mode, on any device. One that remembers is shown whole frames, without tiles.
    settings
        Tiling and test-time augmentation.
    precision
        Number format of the net.
    """

    def __init__(self, model: Model, settings: PredictSettings, precision: Precision = "auto") -> None:
        self._model = model
        self._settings = settings
        self._precision = precision
        self._device = next(model.parameters()).device
        self._seen: tuple[str, tuple[int, ...]] = "", ()
        self._memory: dict[Turn, Any] = {}

    @torch.inference_mode()
    def __call__(self, image: np.ndarray, sequence: str = "") -> Maps:
        """Apply the model to an image, uint8 [H, W].

        What it remembers is forgotten where the image is of another recording, `sequence`, or of another size
        than the one before; of a recording it expects the frames in the order of time, see `in_order`.
        """
        if (sequence, image.shape) != self._seen:
            self._memory.clear()
            self._seen = sequence, image.shape
        pixels = torch.from_numpy(as_seen(image, self._model)).to(self._device)[None, None]  # (1, 1, H, W)
        with autocast(self._precision, self._device):
            if isinstance(self._model, Detector):
                return self._detected(self._model, pixels)
            assert isinstance(self._model, PixelModel)  # there is no third kind
            return self._mapped(self._model, pixels, image.shape)

    def _detected(self, model: Detector, pixels: Tensor) -> Maps:
        own = self._settings
        cells = find_candidates(model, pixels, own.tile, own.overlap, own.test_time_augmentation)
        return Maps(best_scores(cells, *pixels.shape[-2:]), cells)

    def _mapped(self, model: PixelModel, pixels: Tensor, shape: tuple[int, ...]) -> Maps:
        outputs = self._outputs(model, pixels)
        if model.resize is not None:
            outputs = interpolate(outputs.float(), size=shape, mode="bilinear", antialias=True)
        foreground, maps = model.foreground(outputs)[0], model.maps(outputs)[0]
        return Maps(foreground.cpu().numpy(), maps.cpu().numpy())

    def _outputs(self, model: PixelModel, images: Tensor) -> Tensor:
        if not self._settings.test_time_augmentation:
            return outputs_at_stride(self._net(model, Turn(0, False), images), model.stride, images)
        total = torch.zeros(())
        for turn in itertools.starmap(Turn, itertools.product(range(4), (False, True))):
            turned = torch.rot90(images.flip(-1) if turn.reflected else images, turn.turns, dims=(-2, -1))
            outputs = outputs_at_stride(self._net(model, turn, images), model.stride, turned)
            outputs = torch.rot90(outputs, -turn.turns, dims=(-2, -1))
            outputs = (outputs.flip(-1) if turn.reflected else outputs).float()
            total = total + model.turned_back(outputs, *turn)
        return total / 8

    def _net(self, model: PixelModel, turn: Turn, images: Tensor) -> Callable[[Tensor], Tensor]:
        if isinstance(model, FilmModel):
            return partial(self._go_on, model, turn)
        return model if max(images.shape) <= self._settings.tile else _tiled(model, self._settings)

    def _go_on(self, model: FilmModel, turn: Turn, image: Tensor) -> Tensor:
        outputs, self._memory[turn] = model.go_on(image, self._memory.get(turn))
        return outputs


def in_order(model: Model, images: Sequence[Image]) -> list[Image]:
    """Return images in the order in which a model is to see them: of time, if it remembers."""
    return in_time(images) if isinstance(model, FilmModel) else list(images)


def with_frames_before(model: Model, images: Sequence[Image], all_images: Sequence[Image]) -> list[Image]:
    """Return images that a model is to see, in order, and the frames before them if it remembers."""
    if not isinstance(model, FilmModel):
        return list(images)
    last: dict[str, int] = {}
    for sequence, frame in map(place_in_time, images):
        last[sequence] = max(frame, last.get(sequence, frame))
    places = ((image, place_in_time(image)) for image in in_time(all_images))
    return [image for image, (sequence, frame) in places if frame <= last.get(sequence, frame - 1)]


def predict_maps(
    model: Model, image: np.ndarray, settings: PredictSettings, precision: Precision = "auto"
) -> Maps:
    """Apply a model to a single image, see `Applied`."""
    return Applied(model, settings, precision)(image)


def as_seen(image: np.ndarray, model: Model) -> np.ndarray:
    """Return the image as the model's net is to see it: resized and normalised, float32 [H, W]."""
    ((offset, scale),) = offset_and_scale(grey_histogram(image)[None], model.normalise)
    seen = image if model.resize is None else resize_image(image, model.resize)
    return (seen - offset) / scale


def _tiled(model: PixelModel, settings: PredictSettings) -> Callable[[Tensor], Tensor]:
    # MONAI takes seconds to import: nets that are none of its own do without where no image needs tiles.
    from monai.inferers.utils import sliding_window_inference

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
