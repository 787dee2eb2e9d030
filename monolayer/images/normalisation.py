"""What a net sees of grey levels: shifted and scaled, by fixed numbers or by the statistics of each image."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from monolayer.parameters import Number, Settings

LEVELS = 256
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


def grey_histogram(image: np.ndarray) -> np.ndarray:
    """Return how many pixels have each grey level, int64 [256], of an image, uint8 [H, W]."""
    return np.bincount(image.ravel(), minlength=LEVELS)


def known_before_the_image(settings: NormaliseSettings, histograms: np.ndarray) -> NormaliseSettings:
    """Replace the statistics of data sets by their numbers, which a trained model keeps.

    Parameters
    ----------
    settings
        Of a model.
    histograms
        Grey levels of the training images, integers [N, 256].

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
        levels, counts = np.arange(LEVELS), histograms.sum(axis=0)
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
        Grey levels of whole images, integers [N, 256].
    settings
        As `known_before_the_image` returns them.

    Returns
    -------
    numpy.ndarray
        float32 [N, 2]; the scale of a flat image is 1.

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
    return np.stack([below, np.maximum(above - below, 1)], axis=1).astype(np.float32)


def _percentile(histograms: np.ndarray, percent: float) -> np.ndarray:
    """Return the lowest grey level that so many per cent of the pixels do not exceed, int64 [N]."""
    cumulative = np.cumsum(histograms, axis=1)
    wanted = np.maximum(percent / 100 * cumulative[:, -1:], 1)
    return (cumulative >= wanted).argmax(axis=1)
