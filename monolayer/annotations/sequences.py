"""Images as frames of recordings, in the order of time."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from monolayer.annotations.coco import Image, place_in_time
from monolayer.errors import InputError


def in_time(images: Sequence[Image]) -> list[Image]:
    """Return the images by recording, and each recording's in the order of time."""
    return sorted(images, key=place_in_time)


class Subsequences:
    """The frames that images have around them.

    Parameters
    ----------
    images
        Of all recordings, in any order; what is no frame of one is a recording of its own.
    frames
        Length of a subsequence.

    Raises
    ------
    InputError
        Frames of a recording differ in size, which only single frames may.
    """

    def __init__(self, images: Sequence[Image], frames: int) -> None:
        positions = defaultdict(list)
        for position in sorted(range(len(images)), key=lambda number: place_in_time(images[number])):
            positions[place_in_time(images[position]).sequence].append(position)
        if frames > 1:
            for own in positions.values():
                _require_one_size([images[position] for position in own])
        self._frames = frames
        self._lengths, self._ranks, self._starts = np.zeros((3, len(images)), dtype=np.int64)
        self._in_time = np.concatenate([np.array(own, dtype=np.int64) for own in positions.values()])
        start = 0
        for own in positions.values():
            self._lengths[own], self._ranks[own], self._starts[own] = len(own), range(len(own)), start
            start += len(own)

    def around(self, images: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Return the frames of a subsequence around each image.

        Parameters
        ----------
        images
            Positions, int64 [B].
        before
            How many frames of its subsequence come before each, int64 [B]; fewer or more where the recording
            begins or ends. A recording that is shorter than a subsequence is played forth and back.

        Returns
        -------
        numpy.ndarray
            Positions int64 [B, T].

        Examples
        --------
        >>> frame = lambda number: Image(number, f"{number}.tif", 9, 9, sequence="A1", frame=number)
        >>> images = [frame(3), frame(1), frame(2), frame(0), Image(9, "still.tif", 9, 9)]
        >>> Subsequences(images, frames=3).around(np.array([2, 3, 4]), before=np.array([1, 2, 0])).tolist()
        [[1, 2, 0], [3, 1, 2], [4, 4, 4]]
        """
        length = self._lengths[images]
        start = np.clip(self._ranks[images] - before, 0, np.maximum(length - self._frames, 0))
        time = (start[:, None] + np.arange(self._frames)) % (2 * length[:, None])
        time = np.minimum(time, 2 * length[:, None] - 1 - time)
        return self._in_time[self._starts[images][:, None] + time]

    def until(self, image: int) -> np.ndarray:
        """Return an image and the frames before it, positions int64 [up to T] in the order of time."""
        last = self._starts[image] + self._ranks[image] + 1
        return self._in_time[max(last - self._frames, self._starts[image]) : last]


def _require_one_size(frames: list[Image]) -> None:
    first = frames[0]
    for image in frames:
        if (image.height, image.width) != (first.height, first.width):
            raise InputError(
                f"{first.file_name} is {first.width} x {first.height} pixels, {image.file_name} of the same "
                f"recording {image.width} x {image.height}: cut them alike, or give them different sequences"
            )
