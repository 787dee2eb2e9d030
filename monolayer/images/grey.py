"""Grey levels of decoded images."""

from pathlib import Path

import numpy as np

from monolayer.errors import InputError


def to_grey(image: np.ndarray, path: Path) -> np.ndarray:
    """Turn grey or colour [H, W] or [H, W, 1..4] of any type into uint8 [H, W]; `path` is for errors."""
    is_8_bit = image.dtype == np.uint8
    if is_8_bit and image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] in (3, 4):
        # Whole-numbered weights: the sums are exact, whatever order a machine adds them in.
        image = image[..., :3].astype(np.float64) @ np.array([299.0, 587.0, 114.0]) / 1000
    elif image.ndim == 3 and image.shape[2] in (1, 2):
        image = image[..., 0]
    if image.ndim != 2:
        raise InputError(
            f"{path} has shape {image.shape}: expected one grey or colour plane, not a volume or a stack"
        )
    if is_8_bit:
        return np.rint(image).astype(np.uint8)
    low, high = float(image.min()), float(image.max())
    scale = 255 / (high - low) if high > low else 0.0
    return np.rint((image.astype(np.float64) - low) * scale).astype(np.uint8)
