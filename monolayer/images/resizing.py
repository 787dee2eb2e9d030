"""Images and label images brought to a square of a given side, for the published set-ups that do so."""

import numpy as np
from PIL import Image


def resize_image(image: np.ndarray, side: int) -> np.ndarray:
    """Resize an image to [side, side], each pixel a weighted mean of those that it covers.

    Parameters
    ----------
    image
        Grey levels, uint8 or float [H, W].
    side
        In pixels. The aspect ratio is not kept.

    Examples
    --------
    >>> resize_image(np.array([[10, 10, 90, 90], [10, 10, 90, 90]], dtype=np.uint8), 2)
    array([[21, 79],
           [21, 79]], dtype=uint8)
    """
    levels = image if image.dtype == np.uint8 else image.astype(np.float32)
    return np.asarray(Image.fromarray(levels).resize((side, side), Image.Resampling.BILINEAR))


def resize_labels(labels: np.ndarray, side: int) -> np.ndarray:
    """Resize a label image, uint16 or uint32 [H, W], to [side, side]; a pixel has the label at its centre.

    Examples
    --------
    >>> resize_labels(np.array([[1, 7], [0, 7]], dtype=np.uint16), 4)
    array([[1, 1, 7, 7],
           [1, 1, 7, 7],
           [0, 0, 7, 7],
           [0, 0, 7, 7]], dtype=uint16)
    """
    known = labels if labels.itemsize == 2 else labels.view(np.int32)  # Pillow knows no uint32
    resized = Image.fromarray(known).resize((side, side), Image.Resampling.NEAREST)
    return np.asarray(resized).view(labels.dtype)
