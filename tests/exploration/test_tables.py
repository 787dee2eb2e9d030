"""Annotations and images as tables."""

from pathlib import Path

import numpy as np
import pandas as pd
from tiny_split import image, two_images

from monolayer.annotations.coco import write_coco
from monolayer.exploration.measurements import read_measurements
from monolayer.exploration.summary import ImageFacts
from monolayer.exploration.tables import write_annotations, write_images


def test_one_row_for_each_annotation(tmp_path: Path):
    path = tmp_path / "tables" / "annotations.csv"
    for split, first_id in (("train", 1), ("test", 5)):
        write_coco(tmp_path / f"{split}.json", two_images(first_id))
    splits = {split: read_measurements(tmp_path / f"{split}.json") for split in ("train", "test")}
    write_annotations(path, splits)
    table = pd.read_csv(path)
    assert table["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert table["annotation_id"].tolist() == [1, 2, 3] * 2
    assert table["image_id"].tolist() == [1, 1, 2, 5, 5, 6]
    box = ["area", "left", "top", "width", "height"]
    assert table.loc[1, box].tolist() == [144, 26, 10, 12, 12]
    assert table.loc[2, "cell_type"] == "BV2"


def test_one_row_for_each_image(tmp_path: Path):
    write_images(tmp_path / "images.csv", [ImageFacts("val", image(3), "A172", np.array([5.0, 6.0]), 1 / 3)])
    expected = (
        "split,image_id,file_name,cell_type,cells,confluence\n"
        "val,3,A172_Phase_A1_1_00d03h00m_1.tif,A172,2,0.333333\n"
    )
    assert (tmp_path / "images.csv").read_text() == expected
