"""Folders of images with label images."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from own_labels import HEIGHT, LABELS, WIDTH, Folder
from PIL import Image
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import SPLITS, Coco, cell_type_of, decode_segmentation
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_png, write_tiff
from monolayer.images.folder import ImageFolder

DSB2018 = Path(__file__).resolve().parents[3] / "shared" / "dsb2018-mini"


def redrawn(coco: Coco, image_id: int) -> np.ndarray:
    """Each cell as pycocotools decodes it, numbered in their order."""
    labels = np.zeros((HEIGHT, WIDTH), int)
    own = [annotation for annotation in coco.annotations if annotation.image_id == image_id]
    for number, annotation in enumerate(own, start=1):
        labels[coco_mask.decode(decode_segmentation(annotation.segmentation)) > 0] = number
    return labels


def test_cells_are_the_labels(folder: Folder) -> None:
    splits = folder.download()
    assert [len(splits[split].images) for split in SPLITS] == [4, 2, 2]
    for coco in splits.values():
        for image in coco.images:
            expected = np.searchsorted([0, 4, 9, 700], LABELS)
            assert np.array_equal(redrawn(coco, image.id), expected)
        areas = [annotation.area for annotation in coco.annotations[:3]]
        boxes = [json.loads(bytes(annotation.bbox)) for annotation in coco.annotations[:3]]
        assert areas == [12, 2, 12]
        assert boxes == [[2, 1, 4, 3], [9, 0, 1, 8], [2, 5, 4, 3]]


def test_ids_differ_in_all_splits(folder: Folder) -> None:
    splits = folder.download()
    for items in ("images", "annotations"):
        ids = [item.id for coco in splits.values() for item in getattr(coco, items)]
        assert len(set(ids)) == len(ids) == (8 if items == "images" else 24)


@pytest.mark.parametrize(
    "name", ["0_masks.tif", "0_masks.png", "0_labels.png", "0_labels.npy", "0_masks.npy", "0.npy"]
)
def test_kinds_of_label_images(name: str, folder: Folder) -> None:
    (folder.images / "0_masks.tif").unlink()
    if name.endswith(".npy"):
        np.save(folder.images / name, LABELS.astype(np.int32))
    else:
        (write_tiff if name.endswith(".tif") else write_png)(folder.images / name, LABELS)
    assert sum(len(coco.annotations) for coco in folder.download().values()) == 24


def test_a_folder_of_label_images(folder: Folder) -> None:
    for number in range(8):
        place = folder.root / "drawn" / f"{number}.tif"
        place.parent.mkdir(exist_ok=True)
        (folder.images / f"{number}_masks.tif").rename(place)
    assert (
        sum(len(coco.annotations) for coco in folder.download(labels=str(folder.root / "drawn")).values())
        == 24
    )


def test_colour_and_16_bit_images(folder: Folder) -> None:
    write_png(folder.images / "0.png", np.full((HEIGHT, WIDTH, 3), (10, 20, 30), np.uint8))
    (folder.images / "1.png").unlink()
    tifffile.imwrite(folder.images / "1.tif", np.arange(80, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 100)
    splits = folder.download()
    images = ImageFolder(folder.root / "raw" / "images")
    by_name = {image.file_name: image for coco in splits.values() for image in coco.images}
    assert (
        read_image(images.path("0.png", ""), by_name["0.png"])[0, 0] == 18
    )  # .299 * 10 + .587 * 20 + .114 * 30
    assert read_image(images.path("1.tif", ""), by_name["1.tif"])[[0, -1], [0, -1]].tolist() == [0, 255]


def test_a_table_of_cell_types(folder: Folder) -> None:
    rows = [f"{number}.png,{'dark' if number < 4 else 'bright'}" for number in range(8)]
    (folder.root / "kinds.csv").write_text("\n".join(["file,kind", *rows]))
    splits = folder.download(table=str(folder.root / "kinds.csv"), type_column="kind")
    for split, count in zip(SPLITS, (2, 1, 1), strict=True):
        types = [cell_type_of(image) for image in splits[split].images]
        assert sorted(types) == ["bright"] * count + ["dark"] * count


def test_an_image_without_cells_stays(folder: Folder) -> None:
    write_tiff(folder.images / "0_masks.tif", np.zeros((HEIGHT, WIDTH), np.uint16))
    splits = folder.download()
    assert sum(len(coco.images) for coco in splits.values()) == 8
    assert sum(len(coco.annotations) for coco in splits.values()) == 21


def test_labels_without_background(folder: Folder) -> None:
    write_tiff(folder.images / "0_masks.tif", np.full((HEIGHT, WIDTH), 3, np.uint16))
    areas = {annotation.area for coco in folder.download().values() for annotation in coco.annotations}
    assert areas == {12, 2, HEIGHT * WIDTH}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            np.zeros((8, 9), np.uint16),
            r"0_masks\.tif has shape \(8, 9\), its image \(8, 10\): correct the label",
        ),
        (np.full((8, 10), -1, np.int16), r"0_masks\.tif holds int16 from -1 on: labels are whole numbers"),
        (
            np.full((8, 10), 0.5, np.float32),
            r"0_masks\.tif holds float32 from 0\.5 on: labels are whole numbers",
        ),
        (
            np.arange(240, dtype=np.uint8).reshape(8, 10, 3),
            r"0_masks\.tif has shape \(8, 10, 3\), its image \(8, 10\): colours that differ",
        ),
    ],
)
def test_label_images_that_are_none(labels: np.ndarray, message: str, folder: Folder) -> None:
    tifffile.imwrite(folder.images / "0_masks.tif", labels)
    with pytest.raises(InputError, match=message):
        folder.download()


def test_arrays_that_are_none(folder: Folder) -> None:
    (folder.images / "0_masks.tif").unlink()
    np.save(folder.images / "0_masks.npy", np.array({"masks": LABELS}), allow_pickle=True)
    with pytest.raises(
        InputError, match=r"0_masks\.npy cannot be read as an array \(.*\); correct the label"
    ):
        folder.download()


def test_tables_that_do_not_fit(folder: Folder) -> None:
    table = folder.root / "kinds.csv"
    with pytest.raises(
        InputError, match=r"table: .*kinds\.csv not found: give the path of a CSV file, or null"
    ):
        folder.download(table=str(table))
    table.write_text("file,kind\n0.png,dark\n")
    with pytest.raises(InputError, match=r"kinds\.csv has no column cell_type: its columns are file, kind"):
        folder.download(table=str(table))
    with pytest.raises(InputError, match=r"kinds\.csv does not list 1\.png: add it, with its cell type"):
        folder.download(table=str(table), type_column="kind")


def test_too_few_images(folder: Folder) -> None:
    for number in range(2, 8):
        (folder.images / f"{number}.png").unlink()
    with pytest.raises(InputError, match=r"2 images \(0, 1\) are too few for train, val and test"):
        folder.download()


def test_no_split_is_empty_however_small_its_fraction(folder: Folder) -> None:
    splits = folder.download(split={"train": 0.98, "val": 0.01, "test": 0.01})
    assert [len(splits[split].images) for split in SPLITS] == [6, 1, 1]


@pytest.mark.skipif(not DSB2018.exists(), reason="dsb2018-mini is not beside this repository")
def test_nuclei_of_three_kinds_of_images(folder: Folder) -> None:
    table = {"table": str(DSB2018 / "manifest.csv"), "type_column": "kind"}
    splits = folder.download(images=str(DSB2018), **table)
    listed = pd.read_csv(DSB2018 / "manifest.csv").set_index("file")
    for coco in splits.values():
        cells = Counter(annotation.image_id for annotation in coco.annotations)
        for image in coco.images:
            row = listed.loc[image.file_name]
            assert (image.height, image.width, image.cell_type) == (row["h"], row["w"], row["kind"])
            assert cells[image.id] == row["masks"]
            path = ImageFolder(folder.root / "raw" / "images").path(image.file_name, "")
            assert read_image(path, image).shape == (row["h"], row["w"])
    assert sum(len(coco.images) for coco in splits.values()) == len(listed) == 34


def test_foreground_masks_are_refused_or_divided(folder: Folder) -> None:
    for number in range(8):
        write_tiff(folder.images / f"{number}_masks.tif", ((LABELS > 0) * 255).astype(np.uint8))
    with pytest.raises(
        InputError, match=r"\d_masks\.tif has one label, 255, for all .*foreground_masks: conn"
    ):
        folder.download()
    splits = folder.download(foreground_masks="connected")
    assert [len(splits[split].annotations) for split in SPLITS] == [16, 8, 8]
    areas = {annotation.area for coco in splits.values() for annotation in coco.annotations}
    assert areas == {1, 12}


def test_lossy_label_images_are_refused_by_name(folder: Folder) -> None:
    (folder.images / "0_masks.tif").unlink()
    Image.fromarray(LABELS.astype(np.uint8)).save(folder.images / "0_masks.jpg")
    with pytest.raises(InputError, match=r"0_masks\.jpg is compressed as JPEG"):
        folder.download()


def test_doubtful_label_images_are_counted(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.download()
    assert re.search(
        r"download: 8 of 8 label images may be none, such as that of \d\.png: label 9 lies in parts",
        capsys.readouterr().err,
    )
    for number in range(8):
        write_tiff(folder.images / f"{number}_masks.tif", LABELS * (LABELS != 9))
    folder.download()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["../x", "a/b", "a\nb"])
def test_a_cell_type_that_is_a_path(name: str, folder: Folder) -> None:
    with pytest.raises(InputError, match=r"cell_type .* is no name"):
        folder.download(cell_type=name)


def test_an_image_with_more_cells_than_16_bits_count(folder: Folder) -> None:
    write_png(folder.images / "big.png", np.zeros((300, 300), np.uint8))
    write_tiff(folder.images / "big_masks.tif", np.arange(1, 90_001, dtype=np.uint32).reshape(300, 300))
    splits = folder.download()
    assert sum(len(coco.annotations) for coco in splits.values()) == 24 + 90_000
