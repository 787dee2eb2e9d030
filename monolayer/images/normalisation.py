"""What a net sees of grey levels: shifted and scaled, by fixed numbers or by the statistics of each image."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from monolayer.parameters import Number, Settings

LEVELS = 256
"""Grey levels of 8 bits."""
FINE = 16
"""Steps into which a grey level is divided where an image has more than 8 bits."""
IMAGENET_MEAN, IMAGENET_SCALE = 0.449 * 255, 0.226 * 255
"""Means over the three channels of the statistics that torchvision's networks are trained with."""


class NormaliseSettings(Settings):
    """A net sees (grey level - offset) / scale."""

    method: Literal["fixed", "min-max", "percentile", "dataset", "imagenet"] = "fixed"
    """``fixed``: offset ``mean``, scale ``scale``. ``min-max`` and ``percentile``: the darkest and the
    brightest grey level of an image, or its percentiles ``low`` and ``high``, become 0 and 1. ``dataset``:
    mean and standard deviation of all training images. ``imagenet``: those of ImageNet, in grey."""
    mean: Number = 128.0
    """Grey levels, 0..255. LIVECell's mean."""
    scale: Number = Field(default=10.0, gt=0)
    """Grey levels. Near LIVECell's standard deviation."""
    low: Number = Field(default=1.0, ge=0, le=100)
    high: Number = Field(default=99.0, ge=0, le=100)
    """Percentiles of an image's grey levels."""

    @model_validator(mode="after")
    def _has_a_range(self) -> "NormaliseSettings":
        if self.low >= self.high:
            raise ValueError(f"low must be less than high: {self.low} and {self.high}")
        return self


def grey_histogram(image: np.ndarray, fine: bool = False) -> np.ndarray:
    """Count the pixels of each grey level.

    Parameters
    ----------
    image
        uint8 [H, W], or float32 [H, W] in 0..255.
    fine
        Of uint8 too, count by `FINE` parts of a grey level.

    Returns
    -------
    numpy.ndarray
        int64 [256], or [256 * FINE]: the pixels from k / FINE on, below the next one.

    Examples
    --------
    >>> np.flatnonzero(grey_histogram(np.array([[0.5, 2.0]], np.float32))).tolist()
    [8, 32]
    """
    fine = fine or image.dtype != np.uint8
    parts = FINE if fine else 1
    counts = np.zeros(LEVELS * parts, dtype=np.int64)
    for rows in np.array_split(image, max(image.size >> 18, 1)):  # as bincount takes 8 bytes a pixel
        entries = (
            rows.astype(np.int16) * parts if image.dtype == np.uint8 else (rows * parts).astype(np.int16)
        )
        counts += np.bincount(entries.ravel(), minlength=len(counts))
    return counts


def known_before_the_image(settings: NormaliseSettings, histograms: np.ndarray) -> NormaliseSettings:
    """Replace the statistics of data sets by their numbers, which a trained model keeps.

    Parameters
    ----------
    settings
        Of a model.
    histograms
        Grey levels of the training images, integers [N, 256] or [N, 256 * FINE].

    Returns
    -------
    NormaliseSettings
        Of another method than ``dataset`` and ``imagenet``.

    Examples
    --------
    >>> two_levels = np.zeros((1, 256)); two_levels[0, [100, 140]] = 5
    >>> known = known_before_the_image(NormaliseSettings(method="dataset"), two_levels)
    >>> known.method, known.mean, known.scale
    ('fixed', 120.0, 20.0)
    """
    if settings.method == "imagenet":
        mean, scale = IMAGENET_MEAN, IMAGENET_SCALE
    elif settings.method == "dataset":
        counts = histograms.sum(axis=0)
        levels = np.arange(len(counts)) * _step(histograms)
        mean = float(np.average(levels, weights=counts))
        scale = float(np.sqrt(np.average((levels - mean) ** 2, weights=counts))) or 1.0
    else:
        return settings
    return settings.model_copy(update={"method": "fixed", "mean": mean, "scale": scale})


def offset_and_scale(histograms: np.ndarray, settings: NormaliseSettings) -> np.ndarray:
    """Return what is subtracted from the grey levels of each image, and what they are divided by.

    Parameters
    ----------
    histograms
        Grey levels of whole images, integers [N, 256] or [N, 256 * FINE].
    settings
        As `known_before_the_image` returns them.

    Returns
    -------
    numpy.ndarray
        float32 [N, 2]; the scale of a flat image is 1, or 1 / FINE.

    Examples
    --------
    >>> image = np.array([[100, 110], [120, 150]], dtype=np.uint8)
    >>> offset_and_scale(grey_histogram(image)[None], NormaliseSettings(method="min-max"))
    array([[100.,  50.]], dtype=float32)
    """
    if settings.method == "fixed":
        return np.tile(np.array([settings.mean, settings.scale], np.float32), (len(histograms), 1))
    ends = (0.0, 100.0) if settings.method == "min-max" else (settings.low, settings.high)
    below, above = (_percentile(histograms, end) for end in ends)
    levels = np.stack([below, np.maximum(above - below, 1)], axis=1) * _step(histograms)
    return levels.astype(np.float32)


def _step(histograms: np.ndarray) -> float:
    return LEVELS / histograms.shape[-1]


def _percentile(histograms: np.ndarray, percent: float) -> np.ndarray:
    """Return the lowest entry that so many per cent of the pixels do not exceed, int64 [N]."""
    cumulative = np.cumsum(histograms, axis=1)
    wanted = np.maximum(percent / 100 * cumulative[:, -1:], 1)
    return (cumulative >= wanted).argmax(axis=1)
