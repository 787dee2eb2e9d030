"""What the camera sees of an optical thickness: phase contrast, uneven light, stripes and noise.

LIVECell's images are high-passed: cells are no brighter than the ground, thick edges have a bright halo
outside and a dark line inside.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

HALO = 1.8
"""Reach of the phase ring's halo, pixels."""
GREY = 128.0


def expose(rng: np.random.Generator, thickness: np.ndarray, shear: float) -> np.ndarray:
    """Turn optical thickness [H, W] (grey levels) into an image, uint8 [H, W]."""
    image = GREY + phase_contrast(thickness, shear) + _background(rng, thickness.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def phase_contrast(thickness: np.ndarray, shear: float) -> np.ndarray:
    """Return the deviation from grey, float64 [H, W]: thicker than its surroundings is darker."""
    contrast = gaussian_filter(thickness, HALO) - thickness
    if shear:
        rows, columns = np.gradient(thickness)
        contrast += shear * (rows + columns)
    return contrast


def fine_structure(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise of unit variance with grains of about two pixels, stronger in places, float64."""
    noise = rng.standard_normal(shape)
    grains = gaussian_filter(noise, 0.6) - gaussian_filter(noise, 1.6)
    places = gaussian_filter(rng.standard_normal(shape), 4)
    grains *= np.exp(0.5 * places / places.std())
    return grains / grains.std()


def _background(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape
    noise = gaussian_filter(rng.standard_normal(shape), 0.5) * 2.2
    coarse = rng.standard_normal((height // 64 + 3, width // 64 + 3))
    light = _enlarge(coarse, height, width) * 0.8
    return noise + light + _stripes(rng, height, width)


def _enlarge(coarse: np.ndarray, height: int, width: int) -> np.ndarray:
    rows, columns = (
        np.linspace(0.5, coarse.shape[0] - 1.5, height),
        np.linspace(0.5, coarse.shape[1] - 1.5, width),
    )
    tall = np.stack([np.interp(rows, np.arange(len(coarse)), column) for column in coarse.T], axis=1)
    return np.stack([np.interp(columns, np.arange(tall.shape[1]), row) for row in tall])


def _stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    direction = rng.uniform(0, np.pi)
    profile = gaussian_filter1d(rng.standard_normal(2 * (height + width)), 1.2) * rng.uniform(0.3, 1.2)
    ys, xs = np.mgrid[:height, :width]
    position = xs * np.cos(direction) + ys * np.sin(direction) + height + width
    return np.interp(position, np.arange(len(profile)), profile)
