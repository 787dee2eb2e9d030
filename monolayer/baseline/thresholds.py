"""Foreground by grey-level thresholds of one image: what segmentation costs without learning."""

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its own name for itself)

from monolayer.baseline.sides import Side

HISTOGRAM_FILTERS = {
    "otsu": sitk.OtsuThresholdImageFilter,
    "triangle": sitk.TriangleThresholdImageFilter,
    "huang": sitk.HuangThresholdImageFilter,
    "maximum-entropy": sitk.MaximumEntropyThresholdImageFilter,
}


def histogram_threshold(image: np.ndarray | sitk.Image, method: str, side: Side = "dark") -> np.ndarray:
    """Call everything on one side of an automatic threshold foreground.

    Parameters
    ----------
    image
        Grey levels, uint8 or float32 [H, W], or SimpleITK's image of them.
    method
        ``otsu``, ``triangle``, ``huang`` or ``maximum-entropy``; SimpleITK's filters with 128 or 256 bins as
        they come.
    side
        ``dark``: up to the threshold, as the lines around cells in phase contrast; ``bright``: above.

    Returns
    -------
    numpy.ndarray
        bool [H, W].

    Examples
    --------
    >>> image = np.array([[10, 10, 200], [10, 200, 200]], dtype=np.uint8)
    >>> histogram_threshold(image, "otsu").astype(int)
    array([[1, 1, 0],
           [1, 0, 0]])
    """
    levels = image if isinstance(image, sitk.Image) else sitk.GetImageFromArray(image)
    mask = HISTOGRAM_FILTERS[method]().Execute(levels)
    dark = sitk.GetArrayFromImage(mask).view(bool)
    return dark if side == "dark" else ~dark


def dilate_erode(mask: np.ndarray, dilate_radius: int, erode_radius: int) -> np.ndarray:
    """Close the lines around cells into areas: dilate by a disc, then erode by a larger one.

    Parameters
    ----------
    mask
        bool [H, W].
    dilate_radius, erode_radius
        In pixels; a course project on LIVECell published 9 and 11.

    Returns
    -------
    numpy.ndarray
        bool [H, W].

    Examples
    --------
    >>> dilate_erode(np.array([[1, 0, 0, 0, 0, 1]], dtype=bool), dilate_radius=2, erode_radius=1).astype(int)
    array([[1, 1, 1, 1, 1, 1]])
    """
    area = sitk.GetImageFromArray(mask.view(np.uint8))
    del mask
    area = sitk.BinaryDilate(area, [dilate_radius] * 2)
    return sitk.GetArrayFromImage(sitk.BinaryErode(area, [erode_radius] * 2)).view(bool)
