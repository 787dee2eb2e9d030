"""A user's own images and COCO files, as the tools of this world write them."""

import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from own_coco import HEIGHT, SQUARE, WIDTH, Own, cell, image
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import SPLITS, cell_type_of, decode_segmentation, read_coco
from monolayer.images.files import read_image, write_png, write_tiff
from monolayer.images.folder import ImageFolder

MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
MASK[1:5, 2:6] = 1


def uncompressed(mask: np.ndarray) -> dict[str, Any]:
    """Run lengths down the columns, background first, counted one by one."""
    counts, value = [0], 0
    for pixel in mask.T.ravel().tolist():
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return {"size": list(mask.shape), "counts": counts}


def compressed(mask: np.ndarray) -> dict[str, Any]:
    code = coco_mask.encode(np.asfortranarray(mask))
    return {"size": code["size"], "counts": code["counts"].decode()}


def read(raw: Path) -> dict[str, Any]:
    return {split: read_coco(raw / "annotations" / f"{split}.json") for split in SPLITS}


def test_one_file_is_divided_without_overlap(own: Own) -> None:
    splits = read(own.download(split={"train": 0.6, "val": 0.2, "test": 0.2}))
    assert [len(splits[split].images) for split in SPLITS] == [6, 2, 2]
    assert sorted(image.id for coco in splits.values() for image in coco.images) == list(range(10))
    for coco in splits.values():
        assert [annotation.image_id for annotation in coco.annotations] == [image.id for image in coco.images]


def test_three_files_keep_their_splits(own: Own) -> None:
    splits = read(own.download(annotations=own.split(5, 8)))
    assert [[image.id for image in splits[split].images] for split in SPLITS] == [
        [0, 1, 2, 3, 4], [5, 6, 7], [8, 9],
    ]  # fmt: skip


def test_ids_may_recur_in_another_file_and_names_in_another_folder(own: Own) -> None:
    files = {}
    for level, split in enumerate(SPLITS, 50):
        path = own.root / "images" / split / "a.png"
        path.parent.mkdir()
        write_png(path, np.full((HEIGHT, WIDTH), level, np.uint8))
        files[split] = str(own.root / f"{split}.json")
        content = {"images": [image(1, file_name="a.png")], "annotations": [cell(1, 1)]}
        Path(files[split]).write_text(json.dumps(content))
    raw = own.download(annotations=files)
    images = ImageFolder(raw / "images")
    for level, (split, coco) in enumerate(read(raw).items(), 50):
        assert coco.images[0].file_name == f"{split}/a.png"
        assert read_image(images.path(f"{split}/a.png", split))[0, 0] == level


def test_only_listed_images_are_copied_once_with_their_folders(own: Own) -> None:
    (own.root / "images" / "sub").mkdir()
    (own.root / "images" / "3.png").rename(own.root / "images" / "sub" / "3.png")
    own.file["images"][3]["file_name"] = "sub/3.png"
    del own.file["images"][4], own.file["annotations"][4]
    raw = own.download()
    copied = {path.relative_to(raw / "images").as_posix() for path in (raw / "images").rglob("*.*")}
    assert copied == {f"{number}.png" for number in range(10) if number not in (3, 4)} | {"sub/3.png"}
    assert all(path.stat().st_nlink == 1 for path in (raw / "images").rglob("*.*"))


def test_annotations_may_be_a_mapping_from_id(own: Own) -> None:
    own.file["annotations"] = {str(item["id"]): item for item in own.file["annotations"]}
    assert sum(len(coco.annotations) for coco in read(own.download()).values()) == 10


@pytest.mark.parametrize("form", ["polygon", "uncompressed", "compressed", "two polygons"])
def test_missing_area_and_box_come_from_the_pixels(form: str, own: Own) -> None:
    segmentation = {
        "polygon": SQUARE,
        "uncompressed": uncompressed(MASK),
        "compressed": compressed(MASK),
        "two polygons": [[2, 1, 6, 1, 6, 3, 2, 3], [2, 3, 6, 3, 6, 5, 2, 5]],
    }[form]
    for item in own.file["annotations"]:
        item["segmentation"] = segmentation
    annotation = read(own.download())["train"].annotations[0]
    assert annotation.area == MASK.sum() == 16
    assert json.loads(bytes(annotation.bbox)) == [2, 1, 4, 4]
    assert (annotation.category_id, annotation.iscrowd) == (1, 0)
    assert decode_segmentation(annotation.segmentation) == segmentation


def test_a_given_box_is_kept_and_the_area_is_that_of_the_pixels(own: Own) -> None:
    for item in own.file["annotations"]:
        item |= {"area": 15.5, "bbox": [2, 1, 4, 4.5], "iscrowd": False}
    annotation = read(own.download())["train"].annotations[0]
    assert annotation.area == MASK.sum() == 16
    assert json.loads(bytes(annotation.bbox)) == [2, 1, 4, 4.5]


def test_a_polygon_of_two_points_covers_nothing(own: Own) -> None:
    own.file["annotations"][0]["segmentation"] = [[1, 1, 5, 5]]
    annotations = [annotation for coco in read(own.download()).values() for annotation in coco.annotations]
    assert [annotation.area for annotation in annotations if annotation.id == 100] == [0]


def test_crowd_regions_are_left_out_and_counted(own: Own) -> None:
    two_regions = MASK.copy()
    two_regions[3] = 0
    own.file["annotations"][0] |= {"iscrowd": 1, "segmentation": uncompressed(two_regions)}
    raw = own.download()
    assert sum(len(coco.annotations) for coco in read(raw).values()) == 9
    assert json.loads((raw / "dataset.json").read_text())["crowd_regions_left_out"] == 1


def test_missing_size_comes_from_the_image(own: Own) -> None:
    for item in own.file["images"]:
        del item["width"], item["height"]
    first = read(own.download())["train"].images[0]
    assert (first.width, first.height) == (WIDTH, HEIGHT)


def test_cell_types(own: Own) -> None:
    own.file["images"][0]["cell_type"] = "HeLa"
    raw = own.download(cell_type="U2OS")
    types = {image.id: cell_type_of(image) for coco in read(raw).values() for image in coco.images}
    assert types == {0: "HeLa"} | dict.fromkeys(range(1, 10), "U2OS")


def test_any_format_of_image(own: Own) -> None:
    grey = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)
    write_tiff(own.root / "images" / "0.tif", grey.astype(np.uint16) * 256)
    (own.root / "images" / "1.jpg").write_bytes(imagecodecs.jpeg_encode(np.stack([grey] * 3, axis=-1)))
    for number, name in enumerate(["0.tif", "1.jpg"]):
        (own.root / "images" / f"{number}.png").unlink()
        own.file["images"][number]["file_name"] = name
    raw = own.download()
    for name in ("0.tif", "1.jpg"):
        assert read_image(raw / "images" / name).shape == (HEIGHT, WIDTH)


def test_a_listed_image_without_a_file_stays_listed(own: Own) -> None:
    (own.root / "images" / "3.png").unlink()
    raw = own.download()
    assert sum(len(coco.images) for coco in read(raw).values()) == 10
    assert not (raw / "images" / "3.png").exists()


def test_what_an_earlier_run_left_is_replaced(own: Own) -> None:
    raw = own.download()
    (raw / "images" / "old.png").write_bytes(b"")
    assert not (own.download() / "images" / "old.png").exists()


def test_description(own: Own) -> None:
    described = json.loads(
        (own.download(name="Mine", licence="CC0", citation="Me 2026") / "dataset.json").read_text()
    )
    assert described == {
        "name": "Mine", "licence": "CC0", "citation": "Me 2026", "source": str(own.root / "images"),
    }  # fmt: skip
