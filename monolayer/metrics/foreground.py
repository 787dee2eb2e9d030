"""All scores of a set of images' foregrounds, under the names that every file and plot uses."""

import numpy as np

from monolayer.metrics.confluence import bias, limits_of_agreement, rmse
from monolayer.metrics.overlap import dice, iou, precision, recall
from monolayer.metrics.ratio import Ratio


def foreground_scores(counts: np.ndarray) -> dict[str, float]:
    """Score a set of images.

    Parameters
    ----------
    counts
        int64 [N, 4], N > 0: `confusion` of each image.

    Returns
    -------
    dict
        ``dice``, ``iou``, ``precision`` and ``recall`` are means over images; ``dice_pooled`` and
        ``iou_pooled`` take all pixels as one image; ``confluence_*`` are in fractions of the image;
        ``images`` is N.

    Examples
    --------
    >>> scores = foreground_scores(np.array([[3, 0, 0, 1], [0, 0, 1, 3]]))
    >>> scores["dice"], round(scores["dice_pooled"], 3), scores["confluence_bias"]
    (0.5, 0.857, -0.125)
    """
    true, predicted = confluences(counts)
    low, high = limits_of_agreement(true, predicted)
    pooled = counts.sum(axis=0)
    return {
        "dice": float(dice(counts).mean()),
        "iou": float(iou(counts).mean()),
        "dice_pooled": float(dice(pooled)),
        "iou_pooled": float(iou(pooled)),
        "precision": float(precision(counts).mean()),
        "recall": float(recall(counts).mean()),
        "confluence_rmse": rmse(true, predicted),
        "confluence_bias": bias(true, predicted),
        "confluence_loa_low": low,
        "confluence_loa_high": high,
        "images": len(counts),
    }


def foreground_ratios(counts: np.ndarray) -> dict[str, Ratio]:
    """Return those of the scores that comparisons of methods draw, by their names, of counts [N, 4]."""
    true, predicted = confluences(counts)
    every, pixels = np.ones(len(counts)), counts.sum(axis=1)
    return {
        "dice": Ratio(dice(counts), every, pixels),
        "iou": Ratio(iou(counts), every, pixels),
        "precision": Ratio(precision(counts), every, pixels),
        "recall": Ratio(recall(counts), every, pixels),
        "confluence_rmse": Ratio((predicted - true) ** 2, every, pixels, root=True),
        "confluence_bias": Ratio(predicted - true, every, pixels),
    }


def confluences(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted confluence, float64 [...] each, of counts [..., 4].

    >>> true, predicted = confluences(np.array([1, 2, 1, 4]))
    >>> float(true), float(predicted)
    (0.25, 0.375)
    """
    pixels = counts.sum(axis=-1)
    return (counts[..., 0] + counts[..., 2]) / pixels, (counts[..., 0] + counts[..., 1]) / pixels


SCORES = tuple(foreground_ratios(np.zeros((0, 4))))
"""Names of what `foreground_ratios` returns."""
