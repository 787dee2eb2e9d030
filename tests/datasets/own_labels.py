"""A folder of images with label images."""

from pathlib import Path
from typing import Any

import numpy as np

from monolayer.annotations.coco import SPLITS, Coco, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.labels import Settings, download
from monolayer.images.files import write_png

HEIGHT, WIDTH = 8, 10
FRACTIONS = {"train": 0.5, "val": 0.25, "test": 0.25}
LABELS = np.zeros((HEIGHT, WIDTH), np.uint16)
LABELS[1:4, 2:6], LABELS[5:8, 2:6], LABELS[0, 9] = 4, 700, 9
LABELS[7, 9] = 9  # in two pieces


class Folder:
    """Eight images, and what comes of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images = root / "images"
        self.images.mkdir()
        for number in range(8):
            write_png(self.images / f"{number}.png", np.full((HEIGHT, WIDTH), number, np.uint8))

    def download(self, **others: Any) -> dict[str, Coco]:
        values = {"source": "labels", "images": str(self.images), "split": FRACTIONS} | others
        download(Settings.model_validate(values), self.root / "raw", self.root / "scratch", ComputeSettings())
        return {split: read_coco(self.root / "raw" / "annotations" / f"{split}.json") for split in SPLITS}
