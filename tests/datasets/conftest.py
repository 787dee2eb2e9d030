"""Fixtures of the data sets' tests."""

from pathlib import Path

import pytest
from own_coco import Own
from own_labels import LABELS, Folder

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
