"""How alike two images are once one is laid on the other: moved, cropped, resized, inverted, noisy copies."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import PIL.Image
from skimage.registration import phase_cross_correlation

from monolayer.cleaning.correlation import correlation, noise_free_correlation

_SIDE = 1024  # pixels: a longer image is averaged over blocks first, which keeps memory and time in bounds
_OVERLAP = 0.45  # fraction of the smaller image that the two must have in common

Shift = tuple[int, int]
"""Rows and columns by which the second image is moved to lie on the first."""


def similarity(first: np.ndarray, second: np.ndarray, enough: float, shift: Shift = (0, 0)) -> float:
    """Return the size of the correlation of two images where they lie on each other.

    Tried in this order, until one is enough: as they lie; moved to where their cross-correlation is largest;
    and where their shapes differ, the larger one resized to the smaller. Each time as they are, and then
    without the noise that one of them alone has.

    Parameters
    ----------
    first, second
        Grey levels, uint8 or float32 [H, W], of any two shapes.
    enough
        The similarity from which it does not matter how much more alike they are.
    shift
        Where the second one may lie on the first, in pixels, to begin with.

    Returns
    -------
    float
        In [0, 1], to four decimals: further ones differ between processors. An inverted copy has 1, too.

    >>> image = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
    >>> similarity(image, 255 - image[3:, 5:], enough=0.95)
    1.0
    """
    factor = -(-max(*first.shape, *second.shape) // _SIDE)
    start = (shift[0] // factor, shift[1] // factor)
    best = 0.0
    for a, b in _arrangements(block_mean(first, factor), block_mean(second, factor), start):
        for measure in (correlation, noise_free_correlation):
            best = max(best, round(abs(measure(a, b)), 4))
            if best >= enough:
                return best
    return best


def resized(image: np.ndarray, shape: tuple[int, ...], resampling: PIL.Image.Resampling) -> np.ndarray:
    """Return an image [H, W] in another shape, as float32; one that has the shape as it is."""
    if image.shape == shape:
        return image
    return np.asarray(PIL.Image.fromarray(image.astype(np.float32)).resize((shape[1], shape[0]), resampling))


def _arrangements(
    first: np.ndarray, second: np.ndarray, shift: Shift
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield what two images have in common, in one shape, for each way to lay them on each other."""
    if first.shape == second.shape and shift == (0, 0):
        yield first, second
    yield from _registered(first, second, shift)
    if first.shape != second.shape:
        shape = min(first.shape, second.shape, key=lambda shape: shape[0] * shape[1])
        a, b = (resized(image, shape, PIL.Image.Resampling.BILINEAR) for image in (first, second))
        yield from _registered(a, b, (0, 0))


def _registered(
    first: np.ndarray, second: np.ndarray, start: Shift
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    least = _OVERLAP * min(first.size, second.size)
    a, b = _common(first, second, start)
    if a.size < least or a.min() == a.max() or b.min() == b.max():
        return
    # Not normalised to phases alone, which noise, compression and resizing change most.
    found, _, _ = phase_cross_correlation(
        a.astype(np.float32) - np.float32(a.mean()),
        b.astype(np.float32) - np.float32(b.mean()),
        normalization=None,
    )
    for moved in product(*(_wraps(int(step), size) for step, size in zip(found, a.shape, strict=True))):
        pair = _common(first, second, (start[0] + moved[0], start[1] + moved[1]))
        if pair[0].size >= least:
            yield pair


def _wraps(step: int, size: int) -> tuple[int, ...]:
    """Return the shifts that are one to a Fourier transform: it takes an image to go on at its other end."""
    return (step, step - size if step > 0 else step + size) if step else (0,)


def _common(first: np.ndarray, second: np.ndarray, shift: Shift) -> tuple[np.ndarray, np.ndarray]:
    """Cut both images to where they overlap; two empty arrays where they do not.

    >>> _common(np.arange(4)[None], 10 * np.arange(4)[None], (0, 1))
    (array([[1, 2, 3]]), array([[ 0, 10, 20]]))
    """
    low = [max(0, step) for step in shift]
    high = [
        max(at, min(a, b + step))
        for at, a, b, step in zip(low, first.shape, second.shape, shift, strict=True)
    ]
    here = tuple(slice(start, end) for start, end in zip(low, high, strict=True))
    there = tuple(slice(start - step, end - step) for start, end, step in zip(low, high, shift, strict=True))
    return first[here], second[there]


def block_mean(image: np.ndarray, factor: int) -> np.ndarray:
    """Average an image [H, W] over squares of so many pixels, float32; by a factor of 1 it stays as it is.

    What is left at the right and the bottom is cut off.
    """
    if factor == 1:
        return image
    height, width = (size // factor * factor for size in image.shape)
    blocks = image[:height, :width].reshape(height // factor, factor, width // factor, factor)
    return blocks.mean(axis=(1, 3), dtype=np.float32)
