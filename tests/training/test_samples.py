from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from monolayer.coco import Coco, write_coco
from monolayer.errors import InputError
from monolayer.images import write_tiff
from monolayer.training.samples import read_samples

FOLDERS = Path("clean"), Path("images"), Path("masks")


def test_images_come_with_their_labels(project):
    (sample,) = read_samples(*FOLDERS, "val")
    assert_array_equal(sample.image, tifffile.imread(project.root / "images/2.tif"))
    assert_array_equal(sample.labels, tifffile.imread(project.root / "masks/instance/val/2.tif"))
    assert sample.labels.dtype == np.uint16


def test_an_empty_split(project):
    write_coco(project.root / "clean/train.json", Coco([], []))
    with pytest.raises(InputError, match=r"train\.json lists no image.*at least one in train"):
        read_samples(*FOLDERS, "train")


def test_a_missing_image(project):
    (project.root / "images/1.tif").unlink()
    with pytest.raises(InputError, match=r"1\.tif of split train is not below images"):
        read_samples(*FOLDERS, "train")


def test_a_missing_mask(project):
    (project.root / "masks/instance/train/1.tif").unlink()
    with pytest.raises(InputError, match=r"instance/train/1\.tif not found; run the masks stage"):
        read_samples(*FOLDERS, "train")


def test_a_mask_cut_short(project):
    path = project.root / "masks/instance/train/1.tif"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match=r"1\.tif cannot be read.*; run the masks stage again"):
        read_samples(*FOLDERS, "train")


def test_a_mask_of_another_size(project):
    write_tiff(project.root / "masks/instance/train/1.tif", np.zeros((5, 6), np.uint16))
    with pytest.raises(InputError, match=r"shape \(5, 6\), its image \(64, 72\): run the masks stage again"):
        read_samples(*FOLDERS, "train")
