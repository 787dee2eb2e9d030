"""A tiny data set on disk, in LIVECell's layout, for the tests of the cleaning."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pictures import HEIGHT, WIDTH, dish

from monolayer.images import write_tiff

Outlines = list[list[list[float]]]


class Laboratory:
    """Collects images with their annotations, numbered from 1 in each split, and writes them."""

    def __init__(self, root: Path) -> None:
        self.images, self.sampled, self.out = root / "images", root / "sampled", root / "clean"
        self.metrics = root / "metrics" / "cleaning.json"
        self.splits: dict[str, dict[str, list[dict[str, Any]]]] = {
            split: {"images": [], "annotations": []} for split in ("train", "val", "test")
        }

    def add(self, split: str, image_id: int, name: str, image: np.ndarray | None, outlines: Outlines) -> None:
        """List an image of a split; its file is written unless there is none."""
        if image is not None:
            (self.images / split).mkdir(parents=True, exist_ok=True)
            write_tiff(self.images / split / name, image, "lzw")
        listed = self.splits[split]
        listed["images"].append({"id": image_id, "file_name": name, "width": WIDTH, "height": HEIGHT})
        for outline in outlines:
            self.annotate(split, image_id, outline)

    def annotate(self, split: str, image_id: int, segmentation: Any) -> None:
        """Add one annotation."""
        annotations = self.splits[split]["annotations"]
        number = {"id": len(annotations) + 1, "image_id": image_id, "category_id": 1, "iscrowd": 0}
        annotations.append({**number, "segmentation": segmentation, "area": 1.0, "bbox": [0, 0, 1, 1]})

    def add_dish(
        self, split: str, image_id: int, seed: int, name: str = "", annotated: int = 12
    ) -> np.ndarray:
        """List a dish of twelve cells, some of them annotated."""
        image, polygons = dish(seed)
        name = name or f"dish_{split}_{image_id}.tif"
        self.add(split, image_id, name, image, [[polygon] for polygon in polygons[:annotated]])
        return image

    def write(self) -> None:
        """Write the annotation files."""
        self.sampled.mkdir(exist_ok=True)
        for split, listed in self.splits.items():
            (self.sampled / f"{split}.json").write_text(json.dumps(listed))
