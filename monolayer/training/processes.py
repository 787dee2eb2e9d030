"""The processes that train a model together: which of them this is, and what they tell each other."""

from typing import NamedTuple

import torch
from torch import Tensor, distributed


class Process(NamedTuple):
    """A process's part of every batch, and of the images to validate on."""

    rank: int = 0
    """Which process this is, from 0."""
    world_size: int = 1
    """How many there are."""

    def of_batch(self, size: int) -> slice:
        """Return which crops of a batch are its own; `size` is a multiple of the number of processes.

        >>> Process(rank=1, world_size=2).of_batch(6)
        slice(3, 6, None)
        """
        own = size // self.world_size
        return slice(self.rank * own, (self.rank + 1) * own)


ALONE = Process()
"""Of a single process: everything."""


def gathered(values: Tensor) -> Tensor:
    """Return the values [N, ...] of every process, [world, N, ...].

    Lightning's all_gather takes a deprecated function of torch, which warns on the screen, and gives
    [N, ...] where a process is alone.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return values[None]
    everyone = [torch.empty_like(values) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everyone, values)
    return torch.stack(everyone)
