"""Training crops: where they are cut, and how they are turned."""

from collections.abc import Sequence

import numpy as np
from torch.utils.data import Dataset

from monolayer.training.samples import Sample


class Crops(Dataset[tuple[np.ndarray, np.ndarray]]):
    """The crops of one epoch; each depends on seed, epoch and its index alone, so any can be made again.

    Parameters
    ----------
    samples
        Images to cut from.
    size
        Side of the square crops in pixels; a smaller image is reflected to it.
    count
        Crops in the epoch.
    positive_share
        Share of the crops centred on a cell's pixel.
    seed, epoch
        Both choose the crops.
    """

    def __init__(
        self, samples: Sequence[Sample], size: int, count: int, positive_share: float, seed: int, epoch: int
    ) -> None:
        self._samples = [_padded(sample, size) for sample in samples]
        self._size = size
        self._count = count
        self._positive_share = positive_share
        self._key = (seed, epoch)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a crop's grey levels, uint8 [size, size], and its labels, int32 [size, size]."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        rng = np.random.default_rng((*self._key, index))
        sample = self._samples[rng.integers(len(self._samples))]
        centre = random_pixel(sample.labels, positive=rng.random() < self._positive_share, rng=rng)
        window = crop_window(centre, sample.labels.shape, self._size)
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        image, labels = (_turned(plane[window], turns, mirrored) for plane in sample)
        return image, labels.astype(np.int32)


def random_pixel(labels: np.ndarray, positive: bool, rng: np.random.Generator) -> tuple[int, int]:
    """Draw a pixel (row, column) of a cell, or of the background; any pixel if there is none such."""
    candidates = np.flatnonzero((labels > 0) == positive)
    pixel = rng.choice(candidates) if candidates.size else rng.integers(labels.size)
    row, column = np.unravel_index(int(pixel), labels.shape)
    return int(row), int(column)


def crop_window(centre: tuple[int, int], shape: tuple[int, ...], size: int) -> tuple[slice, ...]:
    """Return the square around a pixel, moved inwards where it would leave the image.

    >>> crop_window((0, 5), (8, 8), 4)
    (slice(0, 4, None), slice(3, 7, None))
    """
    starts = (min(max(at - size // 2, 0), side - size) for at, side in zip(centre, shape, strict=True))
    return tuple(slice(start, start + size) for start in starts)


def _padded(sample: Sample, size: int) -> Sample:
    missing = [(0, max(size - side, 0)) for side in sample.image.shape]
    return Sample(*(np.pad(plane, missing, mode="symmetric") for plane in sample))


def _turned(plane: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    turned = np.rot90(plane, turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)
