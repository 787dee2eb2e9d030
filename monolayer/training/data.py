"""Whole images to validate on, shared by the training processes, and where those to train on are kept."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from monolayer.annotations.sampling import in_order_of_drawing
from monolayer.annotations.sequences import Subsequences
from monolayer.images.normalisation import NormaliseSettings, offset_and_scale
from monolayer.training.packing import Packed, annotated
from monolayer.training.processes import ALONE, Process

FEWEST = 4
"""Images to validate on, if there are so many."""
VALIDATED = 0.1
"""Of the work of training, by pixels."""
FORTH_AND_BACK = 3
"""Times the work of computing outputs alone."""


class WholeImages(Dataset[tuple[Tensor, Tensor, bool]]):
    """Images of a packed split, each a batch of its own with the frames before it; every process has as many.

    Parameters
    ----------
    packed
        Images and labels.
    normalise
        How the images are normalised.
    count
        Take so many of the images whose cells are all annotated, spread over the cell types.
    process
        Of which process this is. Where the images do not suffice, some get one that does not count.
    frames
        Give so many frames of the recording, of which the image is the last; fewer at its beginning.
    """

    def __init__(
        self,
        packed: Packed,
        normalise: NormaliseSettings,
        count: int,
        process: Process = ALONE,
        frames: int = 1,
    ) -> None:
        self._packed = packed
        self._subsequences = Subsequences(packed.images, frames)
        self._levels = offset_and_scale(packed.histograms, normalise)
        positions = annotated(packed)
        kept = {image.id for image in in_order_of_drawing([packed.images[p] for p in positions])[:count]}
        self._chosen = [position for position in positions.tolist() if packed.images[position].id in kept]
        self.images = len(self._chosen)
        """Those of all processes."""
        even = math.ceil(self.images / process.world_size) * process.world_size
        self._own = range(process.rank, even, process.world_size)

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, bool]:
        """Return the frames, normalised, float32 [T, H, W], labels, int32 [1, H, W], and if they count."""
        number = self._own[index]
        counts = number < len(self._chosen)
        chosen = self._chosen[number if counts else 0]
        frames = np.stack([self._normalised(frame) for frame in self._subsequences.until(chosen)])
        _, labels = self._packed.image(chosen)
        return torch.from_numpy(frames), torch.from_numpy(labels.astype("int32"))[None], counts

    def _normalised(self, position: int) -> np.ndarray:
        offset, scale = self._levels[position]
        normalised: np.ndarray = self._packed.image(position)[0] - offset
        normalised /= scale  # in place: a large image takes no third copy
        return normalised


def affordable_images(packed: Packed, pixels: float) -> int:
    """Return how many images may be validated on after an epoch, for a tenth of its work.

    Parameters
    ----------
    packed
        The validation images.
    pixels
        Of the crops of an epoch. A step computes its crops forth and back, about three times the work of a
        validation.
    """
    size = float(np.mean(packed.heights * packed.widths))
    return max(FEWEST, int(VALIDATED * FORTH_AND_BACK * pixels / size))


def home_of(packed: Packed, device: torch.device, fraction: float) -> torch.device:
    """Return where training images are to be kept: on a GPU where they take no more than `fraction` of it."""
    if device.type == "cpu":
        return device
    size = packed.pixels.nbytes + packed.labels.nbytes
    fits = size <= fraction * torch.cuda.get_device_properties(device).total_memory
    return device if fits else torch.device("cpu")
