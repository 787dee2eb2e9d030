"""Local texture: what tells cells from background where both are equally bright, as in phase contrast."""

import numpy as np
from scipy import ndimage

BLOCK = 4
"""Side of a block in pixels: texture maps have one value for each."""
_BAND = 64 * BLOCK  # rows


def block_mean(array: np.ndarray) -> np.ndarray:
    """Average over blocks of `BLOCK` x `BLOCK` pixels; what does not fill a block is left out on all sides.

    Parameters
    ----------
    array
        [H, W]; integers below 2**28, whose sum over a block is exact, or float32, which is added as float64.

    Returns
    -------
    numpy.ndarray
        float64 [H // 4, W // 4].

    >>> block_mean(np.full((8, 9), 7, np.uint8))
    array([[7., 7.],
           [7., 7.]])
    """
    inner = _whole_blocks(array)
    dtype = np.result_type(array, np.uint16 if array.dtype in (np.bool_, np.uint8) else np.uint32)
    # Adding whole rows, then whole columns, is several times faster than a sum over axes of length 4.
    rows = _sum([inner[offset::BLOCK] for offset in range(BLOCK)], dtype)
    return _sum([rows[:, offset::BLOCK] for offset in range(BLOCK)], dtype) / BLOCK**2


def _whole_blocks(array: np.ndarray) -> np.ndarray:
    height, width = (size // BLOCK * BLOCK for size in array.shape)
    top, left = (size % BLOCK // 2 for size in array.shape)
    return array[top : top + height, left : left + width]


def _sum(parts: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    # One by one: a reduction would first put the parts into one array.
    total = parts[0].astype(dtype, order="C")
    for part in parts[1:]:
        total += part
    return total


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
    mean = ndimage.uniform_filter(block_mean(image), 3)
    mean_square = ndimage.uniform_filter(_block_mean_square(_whole_blocks(image)), 3)
    return np.maximum(mean_square - mean**2, 0)


def _block_mean_square(image: np.ndarray) -> np.ndarray:
    # Band by band: the squares of a whole image would take several times its memory.
    exact = np.uint16 if image.dtype == np.uint8 else np.float64
    bands = np.array_split(image, range(_BAND, len(image), _BAND))
    return np.concatenate([block_mean(np.square(band, dtype=exact)) for band in bands])
