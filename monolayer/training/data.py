"""Whole images to validate on, shared by the training processes."""

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils.data import Dataset

from monolayer.packing import Packed
from monolayer.training.processes import ALONE, Share

Item = TypeVar("Item")


class WholeImages(Dataset[tuple[Tensor, Tensor, bool]]):
    """Images of a packed split, each a batch of its own; every process has as many.

    Parameters
    ----------
    packed
        Images and labels.
    count
        Take so many images, evenly spread over the split; None for all.
    share
        Of which process this is. Where the images do not suffice, some get one that does not count.
    """

    def __init__(self, packed: Packed, count: int | None, share: Share = ALONE) -> None:
        self._packed = packed
        self._chosen = spread(range(len(packed.images)), count)
        even = math.ceil(len(self._chosen) / share.world) * share.world
        self._own = range(share.rank, even, share.world)

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, bool]:
        """Return grey levels, uint8 [1, H, W], labels, int32 [1, H, W], and whether they count."""
        number = self._own[index]
        counts = number < len(self._chosen)
        image, labels = self._packed.image(self._chosen[number if counts else 0])
        return torch.from_numpy(image)[None], torch.from_numpy(labels.astype("int32"))[None], counts


def spread(items: Sequence[Item], count: int | None) -> list[Item]:
    """Take `count` items, evenly spread over the list; all where `count` is None or too large.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    wanted = len(items) if count is None else min(count, len(items))
    return [items[index * len(items) // wanted] for index in range(wanted)]
