"""What the public LIVECell projects do for the same steps, written plainly with the libraries they use."""

from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

READ = "import sys; from pycocotools.coco import COCO; COCO(sys.argv[1])"

SAMPLE_AND_MASKS = """
import json, sys
from pathlib import Path
import numpy as np
from PIL import Image
from pycocotools.coco import COCO
from benchmarks.peers import opencv_foreground
source, out, fraction = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
coco = COCO(str(source))
ids = sorted(coco.getImgIds())
chosen = np.random.default_rng(0).permutation(ids)[: int(len(ids) * fraction)].tolist()
sampled = {"images": coco.loadImgs(chosen), "annotations": coco.loadAnns(coco.getAnnIds(imgIds=chosen))}
out.mkdir(parents=True, exist_ok=True)
(out / "sampled.json").write_text(json.dumps(sampled))
for image in sampled["images"]:
    cells = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
    mask = opencv_foreground([cell["segmentation"] for cell in cells], image["height"], image["width"])
    Image.fromarray(mask).save(out / f"{image['id']}.png")
"""
"""COCO index, random images, polygons filled one by one, PNG by Pillow: the course project's two scripts."""


def opencv_foreground(segmentations: list[Any], height: int, width: int) -> np.ndarray:
    """Fill every polygon with OpenCV, in whole pixels: uint8 [H, W] of 0 and 255."""
    mask = np.zeros((height, width))
    for segmentation in segmentations:
        for polygon in segmentation:
            points = np.array(polygon).reshape(-1, 2).astype(np.int32)
            cv2.fillPoly(mask, [points], color=255)
    return mask.astype(np.uint8)


def ann_to_mask_labels(segmentations: list[Any], height: int, width: int) -> np.ndarray:
    """Decode every cell into an image of its own, as COCO.annToMask does: uint16 [H, W] labels."""
    labels = np.zeros((height, width), dtype=np.uint16)
    for number, segmentation in enumerate(segmentations, start=1):
        code = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
        labels[coco_mask.decode(code) == 1] = number
    return labels
