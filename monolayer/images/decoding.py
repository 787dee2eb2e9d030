"""Image files as the arrays that they hold."""

from pathlib import Path

import imagecodecs
import numpy as np

from monolayer.errors import InputError

TIFF_ENDINGS = (".tif", ".tiff")
IMAGE_ENDINGS = (*TIFF_ENDINGS, ".png", ".jpg", ".jpeg", ".bmp", ".webp")


def decode(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() in TIFF_ENDINGS:
            # All planes, so that more than one is noticed; twice as fast as tifffile on small images.
            return imagecodecs.tiff_decode(path.read_bytes(), index=None)
        return np.asarray(imagecodecs.imread(path))
    except FileNotFoundError:
        raise InputError(f"{path} not found") from None
    except Exception as error:  # decoders raise many types; each means that the file cannot be used
        reason = str(error).partition("\n")[0]  # imagecodecs adds what every other decoder says
        raise InputError(
            f"{path} cannot be read as an image ({reason}): fetch it again or remove it"
        ) from None
