"""Training crops: a batch at a time, drawn on the host and cut on a device without a loop over crops."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monolayer.packing import Packed


class Windows(NamedTuple):
    """Where the crops of a batch lie in their images, in pixels, and how they are turned; int64 [B] each."""

    first: Tensor
    """Position of the image's first pixel among the pixels of all images."""
    height: Tensor
    width: Tensor
    row: Tensor
    """Of the centre."""
    rank: Tensor
    """The centre is this one among the pixels of its kind in its row, from 0."""
    kind: Tensor
    """Of the centre: 1 for cell, 0 for background."""
    flip_rows: Tensor
    flip_columns: Tensor
    transpose: Tensor
    """These three are 0 or 1; together they make the eight right-angle turns and reflections."""


class Crops:
    """Random crops of a packed split. A batch depends on seed and step alone, so any can be made again.

    Parameters
    ----------
    packed
        Images to cut from.
    size
        Side of the square crops in pixels; a smaller image is reflected to it.
    batch_size
        Crops in a batch.
    positive_share
        Share of the crops centred on a cell's pixel, the others on the background. In an image that has only
        one of them, any pixel may be the centre.
    seed
        With the step, chooses the crops.
    device
        Where images and labels are kept and cut.
    """

    def __init__(
        self,
        packed: Packed,
        size: int,
        batch_size: int,
        positive_share: float,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self._pixels = torch.from_numpy(packed.pixels).to(device)
        # Torch cannot index uint16; the sign comes off again in `batch`.
        self._labels = torch.from_numpy(packed.labels.view(np.int16)).to(device)
        self._heights, self._widths = packed.heights, packed.widths
        self._first_rows = np.concatenate([[0], np.cumsum(self._heights)])
        areas = self._heights * self._widths
        self._first_pixels = np.cumsum(areas) - areas
        foreground = packed.foreground.astype(np.int64)
        background = np.repeat(self._widths, self._heights) - foreground
        # Pixels before each row, first of all background, then of all foreground: int64 [2 R + 1].
        self._before = np.concatenate([[0], np.cumsum(np.concatenate([background, foreground]))])
        self._size = size
        self._batch_size = batch_size
        self._positive_share = positive_share
        self._seed = seed

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return grey levels, uint8 [B, size, size], and labels, int32 [B, size, size]."""
        windows = self._draw(np.random.default_rng((self._seed, step)))
        index = self._index(windows, self._columns(windows))
        return self._pixels[index], self._labels[index].int() & 0xFFFF

    def _draw(self, rng: np.random.Generator) -> Windows:
        image = rng.integers(len(self._heights), size=self._batch_size)
        kind = (rng.random(self._batch_size) < self._positive_share).astype(np.int64)
        start, end = self._pixels_of_kind(image, kind)
        kind = np.where(start < end, kind, 1 - kind)
        pixel = rng.integers(*self._pixels_of_kind(image, kind))
        line = np.searchsorted(self._before, pixel, side="right") - 1
        row = line - kind * self._first_rows[-1] - self._first_rows[image]
        rank = pixel - self._before[line]
        turns = rng.integers(2, size=(3, self._batch_size))
        first, height, width = (of[image] for of in (self._first_pixels, self._heights, self._widths))
        values = np.stack([first, height, width, row, rank, kind, *turns])
        return Windows(*torch.from_numpy(values).to(self._pixels.device, non_blocking=True))

    def _pixels_of_kind(self, image: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        before = kind * self._first_rows[-1]
        return tuple(self._before[before + self._first_rows[image + end]] for end in (0, 1))

    def _columns(self, windows: Windows) -> Tensor:
        """Return the column of each centre, int64 [B]."""
        across = torch.arange(int(self._widths.max()), device=windows.row.device)
        first, last = windows.first + windows.row * windows.width, windows.width - 1
        labels = self._labels[first[:, None] + torch.minimum(across, last[:, None])]  # (B, W)
        of_kind = ((labels != 0) == windows.kind[:, None]) & (across <= last[:, None])
        return (of_kind.cumsum(dim=1) <= windows.rank[:, None]).sum(dim=1)

    def _index(self, windows: Windows, column: Tensor) -> Tensor:
        """Return which pixel of all images is which of the crops', int64 [B, size, size]."""
        rows = self._along(windows.row, windows.height, windows.flip_rows)
        columns = self._along(column, windows.width, windows.flip_columns)
        lines = windows.first[:, None] + rows * windows.width[:, None]
        index = lines[:, :, None] + columns[:, None, :]
        return torch.where(windows.transpose[:, None, None] > 0, index.mT, index)

    def _along(self, centre: Tensor, side: Tensor, flipped: Tensor) -> Tensor:
        """Return the rows or columns of each crop, int64 [B, size], moved and reflected into the image."""
        start = torch.minimum(centre - self._size // 2, side - self._size).clamp(min=0)
        along = torch.arange(self._size, device=centre.device)
        along = torch.where(flipped[:, None] > 0, along.flip(0), along)
        position = (start[:, None] + along) % (2 * side[:, None])
        return torch.minimum(position, 2 * side[:, None] - 1 - position)
