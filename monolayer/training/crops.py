"""Training crops: a batch at a time, drawn on the host and cut on a device without a loop over crops."""

from typing import NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from monolayer.annotations.coco import Truth
from monolayer.annotations.sequences import Subsequences
from monolayer.images.normalisation import NormaliseSettings, offset_and_scale
from monolayer.training.crop_coordinates import (
    along,
    interpolated,
    mirror_image,
    reflected,
    told_apart,
    warped,
)
from monolayer.training.packing import Packed, annotated
from monolayer.training.processes import ALONE, Process
from monolayer.training.settings import CropSettings

TRUTHS = get_args(Truth)
PARTIAL, UNANNOTATED = TRUTHS.index("partial"), TRUTHS.index("none")


UNKNOWN = -1
"""Label of a pixel of which nobody has said what it is."""


class Batch(NamedTuple):
    """Crops of B images, or of B = subsequences * frames."""

    images: Tensor
    """Grey levels, float32 [B, size, size]."""
    labels: Tensor
    """int32 [B, size, size], 0 = background; in subsequences also `UNKNOWN`."""
    levels: Tensor
    """Offset and scale that normalise the grey levels of each crop's whole image, float32 [B, 2]."""


class Windows(NamedTuple):
    """Where the crops of a batch lie in their images, in pixels, and how they are turned; int64 [B] each."""

    image: Tensor
    """Number of the image, from 0."""
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
    shift_rows: Tensor
    shift_columns: Tensor
    """By how much the centre is then moved."""
    flip_rows: Tensor
    flip_columns: Tensor
    transpose: Tensor
    """These three are 0 or 1; together they make the eight right-angle turns and reflections."""


class Crops:
    """Random crops of a packed split. A batch depends on seed and step alone, so any can be made again.

    Parameters
    ----------
    packed
        Images to cut from; those whose cells are not all annotated are left out, but as frames of
        subsequences.
    size
        Side of the square crops in pixels; a smaller image is reflected to it. Mirror images of cells have
        labels of their own, see `told_apart`.
    batch_size
        Crops in a batch, or subsequences.
    settings
        How they are chosen. In an image that has only cells, or only background, any pixel may be the centre.
    normalise
        What the batches' `levels` are to be.
    seed
        With the step, chooses the crops.
    device
        Where images and labels are kept and cut.
    frames
        Length of a subsequence. One of its frames, any of them, is an annotated image; all are cut and
        turned alike.
    process
        Which crops of each batch are cut here. Every process draws the whole batch, which takes the host no
        time, so that the batches do not depend on the number of processes.
    """

    def __init__(
        self,
        packed: Packed,
        size: int,
        batch_size: int,
        settings: CropSettings,
        normalise: NormaliseSettings,
        seed: int,
        device: torch.device | str = "cpu",
        frames: int = 1,
        process: Process = ALONE,
    ) -> None:
        self._frames = frames
        self._subsequences = Subsequences(packed.images, frames)
        self._truth = torch.tensor([TRUTHS.index(image.truth) for image in packed.images], device=device)
        self._pixels = torch.from_numpy(packed.pixels).to(device)
        # Torch cannot index unsigned ones; the sign comes off again in `_labels_at`.
        self._labels = torch.from_numpy(packed.labels.view(f"i{packed.labels.itemsize}")).to(device)
        self._levels = torch.from_numpy(offset_and_scale(packed.histograms, normalise)).to(device)
        self._annotated = annotated(packed, partly=frames > 1)
        self._heights, self._widths = packed.heights, packed.widths
        self._first_rows = np.concatenate([[0], np.cumsum(self._heights)])
        self._first_pixels = packed.first_pixels
        foreground = packed.foreground.astype(np.int64)
        background = np.repeat(self._widths, self._heights) - foreground
        # Pixels before each row, first of all background, then of all foreground: int64 [2 R + 1].
        self._before = np.concatenate([[0], np.cumsum(np.concatenate([background, foreground]))])
        self._size = size
        self._reflects = min(self._heights.min(), self._widths.min()) < size
        self._batch_size = batch_size
        self._settings = settings
        self._seed = seed
        self._own = process.of_batch(batch_size)

    def batch(self, step: int) -> Batch:
        """Return the crops of a step, or this process's part of them.

        Where crops are rotated or scaled, grey levels are interpolated, and labels are those of the nearest
        pixel.
        """
        rng = np.random.default_rng((self._seed, step))
        windows = self._draw(rng)
        centre_row, centre_column = (
            windows.row + windows.shift_rows,
            self._columns(windows) + windows.shift_columns,
        )
        rows = along(centre_row, windows.height, self._size, windows.flip_rows)
        columns = along(centre_column, windows.width, self._size, windows.flip_columns)
        if self._frames > 1:
            windows, rows, columns = self._as_sequences(windows, rows, columns, rng)
        planes = (
            self._warped(windows, rows, columns, rng) if self._warps else self._cut(windows, rows, columns)
        )
        transpose = windows.transpose[:, None, None] > 0
        images, labels = (torch.where(transpose, plane.mT, plane) for plane in planes)
        truth = self._truth[windows.image][:, None, None]
        unknown = (truth == UNANNOTATED) | ((truth == PARTIAL) & (labels == 0))
        return Batch(images, labels.masked_fill(unknown, UNKNOWN), self._levels[windows.image])

    @property
    def _warps(self) -> bool:
        return bool(self._settings.rotate or self._settings.scale)

    def _draw(self, rng: np.random.Generator) -> Windows:
        image = self._annotated[rng.integers(len(self._annotated), size=self._batch_size)]
        kind = self._draw_kind(image, rng)
        start, end = self._pixels_of_kind(image, kind)
        kind = np.where(start < end, kind, 1 - kind)
        pixel = rng.integers(*self._pixels_of_kind(image, kind))
        line = np.searchsorted(self._before, pixel, side="right") - 1
        row = line - kind * self._first_rows[-1] - self._first_rows[image]
        rank = pixel - self._before[line]
        shifts = rng.integers(-self._settings.shift, self._settings.shift + 1, size=(2, self._batch_size))
        turns = rng.integers(2, size=(3, self._batch_size)) * self._settings.turns
        first, height, width = (of[image] for of in (self._first_pixels, self._heights, self._widths))
        values = np.stack([image, first, height, width, row, rank, kind, *shifts, *turns])[:, self._own]
        return Windows(*torch.from_numpy(values).to(self._pixels.device, non_blocking=True))

    def _draw_kind(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        positive = rng.random(self._batch_size) < self._settings.positive_fraction
        if self._settings.others == "anywhere":
            start, end = self._pixels_of_kind(image, np.ones_like(image))
            foreground = (end - start) / (self._heights * self._widths)[image]
            positive |= rng.random(self._batch_size) < foreground
        return positive.astype(np.int64)

    def _pixels_of_kind(self, image: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        before = kind * self._first_rows[-1]
        return tuple(self._before[before + self._first_rows[image + end]] for end in (0, 1))

    def _as_sequences(
        self, windows: Windows, rows: Tensor, columns: Tensor, rng: np.random.Generator
    ) -> tuple[Windows, Tensor, Tensor]:
        """Repeat windows, rows and columns for each frame of a subsequence around their images."""
        before = rng.integers(self._frames, size=self._batch_size)[self._own]
        frames = self._subsequences.around(windows.image.cpu().numpy(), before).ravel()
        first = torch.from_numpy(self._first_pixels[frames]).to(rows.device)
        repeated = Windows(*(values.repeat_interleave(self._frames) for values in windows))
        repeated = repeated._replace(image=torch.from_numpy(frames).to(rows.device), first=first)
        rows, columns = (lines.repeat_interleave(self._frames, dim=0) for lines in (rows, columns))
        return repeated, rows, columns

    def _columns(self, windows: Windows) -> Tensor:
        """Return the column of each centre, int64 [B]."""
        across = torch.arange(int(self._widths.max()), device=windows.row.device)
        first, last = windows.first + windows.row * windows.width, windows.width - 1
        labels = self._labels[first[:, None] + torch.minimum(across, last[:, None])]  # (B, W)
        of_kind = ((labels != 0) == windows.kind[:, None]) & (across <= last[:, None])
        return (of_kind.cumsum(dim=1) <= windows.rank[:, None]).sum(dim=1)

    def _cut(self, windows: Windows, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        first, height, width = (of[:, None] for of in windows[1:4])
        lines = first + reflected(rows, height) * width
        index = lines[:, :, None] + reflected(columns, width)[:, None, :]
        labels = self._labels_at(index)
        if self._reflects:
            down, across = mirror_image(rows, height), mirror_image(columns, width)
            labels = told_apart(labels, down[:, :, None], across[:, None, :])
        return self._pixels[index].float(), labels

    def _warped(
        self, windows: Windows, rows: Tensor, columns: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        angle = np.radians(self._settings.rotate) * rng.uniform(-1, 1, self._batch_size)
        step = np.exp(np.log1p(self._settings.scale) * rng.uniform(-1, 1, self._batch_size))
        turn = torch.from_numpy(np.stack([angle, step])[:, self._own].astype(np.float32))
        turn = turn.to(rows.device, non_blocking=True).repeat_interleave(self._frames, dim=1)
        coordinates = warped(rows, columns, *turn)
        first, height, width = (of[:, None, None] for of in windows[1:4])
        row, column = (places.round().long() for places in coordinates)
        labels = self._labels_at(first + reflected(row, height) * width + reflected(column, width))
        labels = told_apart(labels, mirror_image(row, height), mirror_image(column, width))
        return interpolated(self._pixels, first, (height, width), coordinates), labels

    def _labels_at(self, index: Tensor) -> Tensor:
        labels = self._labels[index]
        return labels.int() & 0xFFFF if labels.dtype == torch.int16 else labels
