"""Cell segmentation in microscopy: what a notebook needs; the rooms below have the rest.

Reading images and annotations, and drawing annotations as masks:

>>> import json, tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import monolayer
>>> folder = Path(tempfile.mkdtemp())
>>> cell = {"id": 1, "image_id": 7, "area": 6, "bbox": [0, 0, 3, 2]}
>>> cell["segmentation"] = [[0, 0, 3, 0, 3, 2, 0, 2]]
>>> listed = [{"id": 7, "file_name": "a.tif", "width": 5, "height": 2}]
>>> _ = (folder / "cells.json").write_text(json.dumps({"images": listed, "annotations": [cell]}))
>>> coco = monolayer.read_coco(folder / "cells.json")
>>> coco.images[0].file_name
'a.tif'
>>> labels = monolayer.label_image([own.segmentation for own in coco.annotations], height=2, width=5)
>>> labels
array([[1, 1, 1, 0, 0],
       [1, 1, 1, 0, 0]], dtype=uint16)
>>> monolayer.write_tiff(folder / "a.tif", np.uint8(40 * labels))
>>> monolayer.read_image(folder / "a.tif")[0]
array([40, 40, 40,  0,  0], dtype=uint8)

Scores of a foreground, from counts of pixels, and which fraction of the image it covers:

>>> predicted = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=bool)
>>> monolayer.dice(monolayer.confusion(labels > 0, predicted)).item()
0.8
>>> monolayer.confluence(predicted)
0.4

A model of params.yaml, kept as the pipeline keeps it in ``models/``, read again, and applied to an image:

>>> entry = {"architecture": "convlstm_unet", "channels": [4, 8], "head": {"method": "contour"}}
>>> settings = monolayer.selected_model({"models": {"small": entry}}, "small")
>>> model = monolayer.build_model(settings)
>>> monolayer.write_model(folder / "small", settings, model.state_dict(), {"seed": 0})
>>> model = monolayer.read_model(folder / "small")
>>> maps = monolayer.predict_maps(model, np.zeros((40, 30), np.uint8), monolayer.PredictSettings())
>>> maps.foreground.shape, maps.foreground.dtype
((40, 30), dtype('float32'))
"""

import importlib
from typing import Any

_ROOMS = {
    "PredictSettings": "models.base.settings",
    "build_model": "models.base.model",
    "confluence": "metrics.confluence",
    "confusion": "metrics.overlap",
    "dice": "metrics.overlap",
    "label_image": "annotations.label_images",
    "predict_maps": "inference.whole_image",
    "read_coco": "annotations.coco",
    "read_image": "images.files",
    "read_model": "models.base.files",
    "selected_model": "models.base.settings",
    "write_model": "models.base.files",
    "write_tiff": "images.files",
}
__all__ = list(_ROOMS)


def __getattr__(name: str) -> Any:
    """Import a function with its first use: torch takes seconds."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'monolayer' has no attribute {name!r}")
    return getattr(importlib.import_module(f"monolayer.{_ROOMS[name]}"), name)
