"""Local texture: what tells cells from background where both are equally bright, as in phase contrast."""

import numpy as np
from scipy import ndimage

BLOCK = 4
"""Side of a block in pixels: texture maps have one value for each."""


def block_mean(array: np.ndarray) -> np.ndarray:
    """Average over blocks of `BLOCK` x `BLOCK` pixels; what does not fill a block is left out on all sides.

    Parameters
    ----------
    array
        Integers [H, W] below 2**28, so that the sum over a block is exact, or float32 or float64.

    Returns
    -------
    numpy.ndarray
        float64 [H // 4, W // 4].

    >>> block_mean(np.full((8, 9), 7, np.uint8))
    array([[7., 7.],
           [7., 7.]])
    """
    height, width = (size // BLOCK for size in array.shape)
    top, left = (size % BLOCK // 2 for size in array.shape)
    inner = array[top : top + height * BLOCK, left : left + width * BLOCK]
    # Adding whole rows, then whole columns, is several times faster than a sum over axes of length 4.
    total = np.float64 if array.dtype.kind == "f" else np.uint32
    rows = np.add.reduce([inner[offset::BLOCK] for offset in range(BLOCK)], dtype=total)
    return np.add.reduce([rows[:, offset::BLOCK] for offset in range(BLOCK)]) / BLOCK**2


def local_variance(image: np.ndarray) -> np.ndarray:
    """Variance of the grey levels around each block, over 3 x 3 blocks.

    Parameters
    ----------
    image
        Grey levels of 0..255, uint8 or float32 [H, W].

    Returns
    -------
    numpy.ndarray
        float64 [H // 4, W // 4], in squared grey levels.

    >>> stripes = np.tile(np.array([0, 20], np.uint8), (12, 6))
    >>> local_variance(stripes)[1, 1]
    np.float64(100.0)
    """
    wide: np.ndarray = image.astype(np.float64 if image.dtype.kind == "f" else np.uint16)
    mean = ndimage.uniform_filter(block_mean(image), 3)
    mean_square = ndimage.uniform_filter(block_mean(wide * wide), 3)
    return np.maximum(mean_square - mean**2, 0)
