"""A perceptual hash for phase contrast, and its eight orientations."""

from typing import NamedTuple

import numpy as np
from scipy import fft

BITS = 256
"""Number of signs in a fingerprint."""

_SIDE = 16
_FREQUENCIES = np.arange(4, 4 + _SIDE)  # lower ones change little between frames of one field
_THUMBNAIL = 32
_NOISE = 32.0  # squared grey levels; lossy compression changes a variance below this

NO_SIGNS = np.zeros((_SIDE, _SIDE), np.int8)
"""The fingerprint of nothing: it is half way from every other, and from itself."""


class Orientation(NamedTuple):
    """A flip upside down, then one left to right, then a transposition; any of them may be left out."""

    upside_down: bool
    left_right: bool
    transposed: bool


ORIENTATIONS = tuple(Orientation(bool(n & 1), bool(n & 2), bool(n & 4)) for n in range(8))
"""The identity, the flips and the right-angle turns of an image."""


def orient(image: np.ndarray, orientation: Orientation) -> np.ndarray:
    """Flip or turn an image [H, W].

    >>> orient(np.array([[1, 2], [3, 4]]), Orientation(True, False, False))
    array([[3, 4],
           [1, 2]])
    """
    image = image[::-1] if orientation.upside_down else image
    image = image[:, ::-1] if orientation.left_right else image
    return image.T if orientation.transposed else image


def fingerprint(variance: np.ndarray) -> np.ndarray:
    """Hash an image by the layout of its texture.

    Phase contrast leaves little at the low frequencies of the grey levels, which is where a usual
    perceptual hash looks, and JPEG quantises that little away. The texture is strong there: the logarithm
    of the local variance, shrunk to 32 x 32, gives its signs at low frequencies of the cosine transform.
    A changed brightness does not alter it; a changed contrast adds nearly a constant, which frequency 0
    holds and no sign shows. Of 256 signs, at most 18 changed in 44 real images after JPEG of quality 50, a
    contrast of 0.8 to 1.2 or a gamma of 0.8 to 1.2; different images differed in 100 and more.

    Parameters
    ----------
    variance
        float64 [H, W]: `monolayer.cleaning.texture.local_variance`.

    Returns
    -------
    numpy.ndarray
        int8 [16, 16] of -1 and 1; 0 everywhere for an image of one grey level.
    """
    height, width = variance.shape
    thumbnail = _fractions(height) @ np.log(_NOISE + variance) @ _fractions(width).T
    spectrum = fft.dctn(thumbnail, norm="ortho")[np.ix_(_FREQUENCIES, _FREQUENCIES)]
    # Rounding turns the noise of floating point into zeros, which match nothing.
    return np.sign(np.round(spectrum, 6)).astype(np.int8)


def _fractions(size: int) -> np.ndarray:
    # Row n holds the fraction of each of `size` pixels in pixel n of a thumbnail: symmetric, so that a
    # flipped image has the flipped thumbnail.
    ends = np.linspace(0, size, _THUMBNAIL + 1)
    pixels = np.arange(size)
    overlap = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    return overlap.clip(0) * (_THUMBNAIL / size)


def orient_fingerprints(signs: np.ndarray, orientation: Orientation) -> np.ndarray:
    """Return the fingerprints that flipped or turned images have, without their pixels.

    A flip changes the sign of every odd frequency of a cosine transform; a transposition transposes it.

    Parameters
    ----------
    signs
        int8 [N, 16, 16].
    orientation
        How the images are turned.
    """
    odd = np.where(_FREQUENCIES % 2, -1, 1).astype(np.int8)
    signs = signs * odd[:, None] if orientation.upside_down else signs
    signs = signs * odd if orientation.left_right else signs
    return signs.transpose(0, 2, 1) if orientation.transposed else signs
