"""Whole images to validate on, and where those to train on are kept."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils.data import Dataset

from monolayer.normalisation import NormaliseSettings, offset_and_scale
from monolayer.packing import Packed

Item = TypeVar("Item")


class WholeImages(Dataset[tuple[Tensor, Tensor]]):
    """Images of a packed split, each a batch of its own.

    Parameters
    ----------
    packed
        Images and labels.
    normalise
        How the images are normalised.
    count
        Take so many images, evenly spread over the split; None for all.
    """

    def __init__(self, packed: Packed, normalise: NormaliseSettings, count: int | None) -> None:
        self._packed = packed
        self._levels = offset_and_scale(packed.histograms, normalise)
        self._chosen = spread(range(len(packed.images)), count)

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the image, normalised, float32 [1, H, W], and labels, int32 [1, H, W]."""
        number = self._chosen[index]
        image, labels = self._packed.image(number)
        offset, scale = self._levels[number]
        return torch.from_numpy((image - offset) / scale)[None], torch.from_numpy(labels.astype("int32"))[
            None
        ]


def home_of(packed: Packed, device: torch.device, share: float) -> torch.device:
    """Return where training images are to be kept: on a GPU where they take no more than `share` of it."""
    if device.type == "cpu":
        return device
    size = packed.pixels.nbytes + packed.labels.nbytes
    fits = size <= share * torch.cuda.get_device_properties(device).total_memory
    return device if fits else torch.device("cpu")


def spread(items: Sequence[Item], count: int | None) -> list[Item]:
    """Take `count` items, evenly spread over the list; all where `count` is None or too large.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    wanted = len(items) if count is None else min(count, len(items))
    return [items[index * len(items) // wanted] for index in range(wanted)]
