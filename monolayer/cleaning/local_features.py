"""Local features: what two tiles have in common that show overlapping parts of one field."""

from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

from monolayer.cleaning.registration import block_mean

FEATURES = 16
"""Of an image at most: the strongest blobs and their surroundings."""

_STEP = 2  # pixels of the image to one of the map in which blobs are looked for
_SIGMAS = (2.0, 8.0)  # of the Gaussians whose difference shows blobs, in pixels of the map
_REACH = 6  # samples on each side of a blob's middle that describe it,
_SAMPLE = 2  # which lie so many pixels of the map apart
_FREQUENCIES = 8  # of the surroundings, down and across
_BAND = 256  # rows of the map that are looked at at a time
_FAINT = 0.2  # grey levels: weaker blobs are noise

SIGNS = _FREQUENCIES**2 - 1
"""Number of signs that describe a feature."""


class Features(NamedTuple):
    """The local features of an image."""

    places: np.ndarray
    """int32 [K, 2], row and column in pixels."""
    signs: np.ndarray
    """int8 [K, 63] of -1 and 1, now and then 0."""


NO_FEATURES = Features(np.zeros((0, 2), np.int32), np.zeros((0, SIGNS), np.int8))
"""Those of an image without blobs."""


def local_features(image: np.ndarray) -> Features:
    """Find the strongest blobs of an image and describe their surroundings, 52 x 52 pixels.

    Blobs are where the difference of two Gaussians (Lowe, Int J Comput Vis 60:91, 2004) is largest, bright or
    dark; the signs of the surroundings' low frequencies describe them. An inverted image has the same, and
    one of other brightness and contrast; noise and compression change few.

    Parameters
    ----------
    image
        Grey levels, uint8 or float32 [H, W].
    """
    blobs = _difference_of_gaussians(image)
    rows, columns = _strongest(blobs)
    if not len(rows):
        return NO_FEATURES
    offsets = _SAMPLE * np.arange(-_REACH, _REACH + 1)
    around = blobs[rows[:, None, None] + offsets[:, None], columns[:, None, None] + offsets]
    around = _rounded(around) * np.sign(blobs[rows, columns])[:, None, None]
    spectra = fft.dctn(around, axes=(1, 2), norm="ortho")[:, :_FREQUENCIES, :_FREQUENCIES]
    signs = np.sign(np.round(spectra.reshape(len(rows), -1)[:, 1:], 4)).astype(np.int8)
    return Features((_STEP * np.stack([rows, columns], axis=1)).astype(np.int32), signs)


def _difference_of_gaussians(image: np.ndarray) -> np.ndarray:
    wide = block_mean(image, _STEP)
    blobs = ndimage.gaussian_filter(wide, _SIGMAS[0])
    blobs -= ndimage.gaussian_filter(wide, _SIGMAS[1], output=wide)
    for first in range(0, len(blobs), _BAND):
        blobs[first : first + _BAND] = _rounded(blobs[first : first + _BAND])
    return blobs


def _rounded(blobs: np.ndarray) -> np.ndarray:
    # So that which of two blobs is the stronger does not depend on the processor.
    return np.round(blobs.astype(np.float64), 3)


def _strongest(blobs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    margin = _REACH * _SAMPLE
    reach = margin // 3  # a blob is the strongest of those so near
    height, width = blobs.shape
    rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for first in range(margin, height - margin, _BAND):
        last = min(first + _BAND, height - margin)
        strength = np.abs(blobs[first - reach : last + reach])
        peaks = (strength == ndimage.maximum_filter(strength, 2 * reach + 1)) & (strength > _FAINT)
        row, column = np.nonzero(peaks[reach:-reach, margin : width - margin])
        rows.append(row + first)
        columns.append(column + margin)
    row, column = np.concatenate(rows), np.concatenate(columns)
    order = np.argsort(-np.abs(blobs[row, column]), kind="stable")[:FEATURES]
    return row[order], column[order]
