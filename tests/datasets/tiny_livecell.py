"""A tiny stand-in for LIVECell, laid out like the official one."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from monolayer.annotations.coco import SPLITS, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.livecell import Settings, download
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder

FOLDERS = {
    "train": "livecell_train_val_images",
    "val": "livecell_train_val_images",
    "test": "livecell_test_images",
}
NAMES = {split: f"A172_Phase_A{number}_1_00d00h00m_1.tif" for number, split in enumerate(SPLITS, 1)}
TRIANGLE = [[1.0, 1.0, 9.0, 1.0, 9.0, 9.0]]


def coco_text(split: str, as_dict: bool = False) -> str:
    image = {"id": 7, "file_name": NAMES[split], "width": 12, "height": 10, "original_filename": "x.png"}
    cell = {"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "area": 32.0, "bbox": [1, 1, 8, 8]}
    cell["segmentation"] = TRIANGLE
    return json.dumps({"info": {}, "images": [image], "annotations": {"1": cell} if as_dict else [cell]})


def zipped(official: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in sorted((official / "images").rglob("*.tif")):
            archive.write(path, path.relative_to(official))
    return data.getvalue()


def settings(base_url: str | Path, **others: Any) -> Settings:
    return Settings(source="livecell", base_url=str(base_url), **others)


def bring(settings: Settings, root: Path, raw: str = "raw") -> None:
    download(settings, root / raw, root / "scratch", ComputeSettings(jobs=1))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def assert_complete(raw: Path) -> None:
    images = ImageFolder(raw / "images")
    for split in SPLITS:
        coco = read_coco(raw / "annotations" / f"{split}.json")
        assert [image.file_name for image in coco.images] == [NAMES[split]]
        assert [annotation.image_id for annotation in coco.annotations] == [7]
        path = images.path(NAMES[split], split)
        assert path.relative_to(raw).as_posix() == f"images/{FOLDERS[split]}/{NAMES[split]}"
        assert read_image(path, coco.images[0])[0, 0] == len(split)
