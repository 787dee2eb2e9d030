"""Fixtures of the data sets' tests."""

from pathlib import Path

import numpy as np
import pytest
from file_server import FileServer
from own_coco import Own
from own_labels import LABELS, Folder
from tiny_livecell import FOLDERS, NAMES, coco_text, zipped

from monolayer.annotations.coco import SPLITS
from monolayer.datasets.livecell import annotation_files
from monolayer.images.files import write_tiff


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Ten images of one cell each."""
    return Own(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Eight images with one label image each."""
    made = Folder(tmp_path)
    for number in range(8):
        write_tiff(made.images / f"{number}_masks.tif", LABELS)
    return made


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder laid out like the official server, with unpacked images and one cell type's files."""
    root = tmp_path / "official"
    for split in SPLITS:
        image = root / "images" / FOLDERS[split] / NAMES[split]
        image.parent.mkdir(parents=True, exist_ok=True)
        write_tiff(image, np.full((10, 12), len(split), np.uint8), compression="lzw")
        for choice in ("full", "a172", "train4percent"):
            path = root / annotation_files(choice)[split]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(coco_text(split, as_dict=choice == "a172"))
    return root


@pytest.fixture
def base_url(official: Path, file_server: FileServer) -> str:
    """The same from a server, with the images in a zip."""
    for path in official.rglob("*.json"):
        file_server.files[f"/LIVECell/{path.relative_to(official).as_posix()}"] = path.read_bytes()
    file_server.files["/LIVECell/images.zip"] = zipped(official)
    return f"{file_server.url}/LIVECell/"
