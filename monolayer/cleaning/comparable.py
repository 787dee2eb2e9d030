"""Which images are compared: no frames of one recording, no equal pixels, and no splits where none leak."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from monolayer.cleaning.survey import Survey


class Comparable(NamedTuple):
    """Of N images, what says whether two of them are compared."""

    places: np.ndarray
    """int64 [N]: images of one number are compared."""
    sequences: np.ndarray
    """int64 [N]: of one number are the frames of a recording; -1 where the data set names none."""
    frames: np.ndarray
    """int64 [N]: the frame's number in its recording."""
    pixels: np.ndarray
    """int64 [N]: images of one number have equal pixels."""

    def pairs(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Say of pairs of images, given as arrays of positions that broadcast, whether they are compared."""
        one_place = self.places[first] == self.places[second]
        recorded = (self.sequences[first] == self.sequences[second]) & (self.sequences[first] >= 0)
        frames = recorded & (self.frames[first] != self.frames[second])
        return one_place & ~frames & (self.pixels[first] != self.pixels[second])


def comparable(surveys: Sequence[Survey], leaks: bool) -> Comparable:
    """Collect what decides which images are compared; across splits only with `leaks`."""
    sequences = _numbers([survey.image.sequence for survey in surveys])
    named = np.array([survey.image.sequence != "" for survey in surveys], dtype=bool)
    return Comparable(
        _numbers(["" if leaks else survey.split for survey in surveys]),
        np.where(named, sequences, -1),
        np.array([survey.image.frame for survey in surveys], dtype=np.int64),
        _numbers([survey.digest for survey in surveys]),
    )


def _numbers(keys: Sequence[object]) -> np.ndarray:
    known: dict[object, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)
