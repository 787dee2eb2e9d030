"""TIFF files for tests."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

GREY = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
DEEP = np.random.default_rng(1).integers(300, 4000, (48, 64)).astype(np.uint16)


def tiff(folder: Path, *planes: np.ndarray, **options: Any) -> Path:
    with tifffile.TiffWriter(folder / "a.tif", bigtiff=options.pop("bigtiff", False)) as file:
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None, **options)
    return folder / "a.tif"
