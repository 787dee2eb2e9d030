"""A user's own images and COCO file, in a scratch folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from monolayer.annotations.coco import SPLITS, Annotation, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.coco import Settings, download
from monolayer.images.files import write_png

HEIGHT, WIDTH = 8, 10
SQUARE = [[2, 1, 6, 1, 6, 5, 2, 5]]  # covers columns 2..5, rows 1..4: 16 pixels


def image(number: int, **others: Any) -> dict[str, Any]:
    return {"id": number, "file_name": f"{number}.png", "width": WIDTH, "height": HEIGHT} | others


def cell(number: int, image_id: int, **others: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image_id, "category_id": 3, "segmentation": SQUARE} | others


class Own:
    """A folder of images and a COCO file, and what comes of them."""

    def __init__(self, root: Path, images: int = 10) -> None:
        self.root = root
        self.file: dict[str, Any] = {
            "images": [image(number) for number in range(images)],
            "annotations": [cell(100 + number, number) for number in range(images)],
        }
        (root / "images").mkdir()
        for number in range(images):
            write_png(root / "images" / f"{number}.png", np.full((HEIGHT, WIDTH), number, np.uint8))

    def settings(self, **others: Any) -> Settings:
        path = self.root / "own.json"
        if not path.exists():
            path.write_text(json.dumps(self.file))
        values = {"source": "coco", "images": str(self.root / "images"), "annotations": str(path)}
        return Settings.model_validate(values | others)

    def download(self, **others: Any) -> Path:
        raw = self.root / "raw"
        download(self.settings(**others), raw, self.root / "scratch", ComputeSettings(jobs=1))
        return raw

    def split(self, first: int, second: int) -> dict[str, str]:
        """The images before `first`, before `second`, and the rest, as three files."""
        files = {}
        for split, members in zip(
            SPLITS, (range(first), range(first, second), range(second, 99)), strict=True
        ):
            part = {
                "images": [item for item in self.file["images"] if item["id"] in members],
                "annotations": [item for item in self.file["annotations"] if item["image_id"] in members],
            }
            files[split] = str(self.root / f"{split}.json")
            Path(files[split]).write_text(json.dumps(part))
        return files


def annotations_of(raw: Path) -> list[Annotation]:
    return [item for split in SPLITS for item in read_coco(raw / f"annotations/{split}.json").annotations]
