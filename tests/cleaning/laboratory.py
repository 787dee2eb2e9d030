"""A tiny data set on disk, in LIVECell's layout, for the tests of the cleaning."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from pictures import HEIGHT, WIDTH, dish

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import write_tiff

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


def clean(laboratory: Laboratory, **settings: Any) -> list[dict[str, str]]:
    """Run the cleaning, check the accounts, and return the rows of removed.csv."""
    laboratory.write()
    folders = (laboratory.sampled, laboratory.images, laboratory.out, laboratory.metrics)
    clean_splits(*folders, CleaningSettings(**settings), ComputeSettings(jobs=1))
    with (laboratory.out / "removed.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    check_accounts(laboratory, rows)
    return rows


def check_accounts(laboratory: Laboratory, rows: list[dict[str, str]]) -> None:
    """Every image and annotation that went is in the table and in the metrics, or went with its image."""
    metrics = json.loads(laboratory.metrics.read_text())
    for split, listed in laboratory.splits.items():
        left = json.loads((laboratory.out / f"{split}.json").read_text())
        gone = {int(row["image_id"]) for row in rows if row["split"] == split and not row["annotation_id"]}
        lost = {int(row["annotation_id"]) for row in rows if row["split"] == split and row["annotation_id"]}
        assert [image["id"] for image in left["images"]] == [
            image["id"] for image in listed["images"] if image["id"] not in gone
        ]
        assert [annotation["id"] for annotation in left["annotations"]] == [
            annotation["id"]
            for annotation in listed["annotations"]
            if annotation["id"] not in lost and annotation["image_id"] not in gone
        ]
        for kind in ("images", "annotations"):
            counts = metrics["splits"][split][kind]
            assert counts["before"] == len(listed[kind])
            assert counts["after"] == len(left[kind])
            assert counts["before"] - sum(counts["removed"].values()) == counts["after"]
        for row in rows:
            kind = "annotations" if row["annotation_id"] else "images"
            assert metrics["splits"][row["split"]][kind]["removed"][row["reason"]] > 0


def only(rows: list[dict[str, str]], **expected: Any) -> None:
    """Check that one row was written, and what stands in some of its columns."""
    assert len(rows) == 1, rows
    assert {key: rows[0][key] for key in expected} == {key: str(value) for key, value in expected.items()}
