"""The cells of each image, from files in any order."""

import json
import tracemalloc
from pathlib import Path

import msgspec
import numpy as np
import pytest

from monolayer.annotations.coco import Annotation, Coco, Image, annotations_by_image, write_coco
from monolayer.annotations.grouping import cells_by_image, count_cells
from monolayer.errors import InputError


def scattered(shuffled: bool) -> Coco:
    """25,000 cells of 40 images, 2 of which have none, and 500 cells of an image that is not listed."""
    images = [Image(number, f"{number}.tif", 12, 10) for number in (*range(40, 0, -1), 90, 91)]
    owner = np.repeat([*range(1, 41), 777], [600] * 39 + [1600, 500])
    if shuffled:
        np.random.default_rng(0).shuffle(owner)
    box = msgspec.Raw(b"[1,1,2,2]")
    outlines = (msgspec.Raw(b"[[%d,\n 1.0]]" % number) for number in range(len(owner)))
    cells = zip(owner.tolist(), outlines, strict=True)
    return Coco(
        images, [Annotation(9 + place, own, text, 2.5, box) for place, (own, text) in enumerate(cells)]
    )


@pytest.mark.parametrize("shuffled", [False, True])
def test_each_image_comes_once_with_its_cells_in_the_files_order(tmp_path: Path, shuffled: bool):
    coco = scattered(shuffled)
    write_coco(tmp_path / "a.json", coco)
    groups = annotations_by_image(coco)
    found = {cells.image.id: cells for cells in cells_by_image(tmp_path / "a.json")}
    assert len(list(cells_by_image(tmp_path / "a.json"))) == len(found) == 42
    for image in coco.images:
        assert found[image.id].image == image
        assert found[image.id].annotation_ids == [cell.id for cell in groups[image.id]]
        expected = [json.loads(bytes(cell.segmentation)) for cell in groups[image.id]]
        assert json.loads(found[image.id].segmentations) == expected


def test_the_cells_are_never_all_in_memory(tmp_path: Path):
    images = [Image(number, f"{number}.tif", 12, 10) for number in range(150)]
    outline, box = msgspec.Raw(b"[[" + b"1,2," * 50 + b"1,2]]"), msgspec.Raw(b"[1,1,2,2]")
    write_coco(
        tmp_path / "a.json",
        Coco(images, [Annotation(number, number // 1000, outline, 2.5, box) for number in range(150_000)]),
    )
    tracemalloc.start()
    try:
        number = sum(len(cells.annotation_ids) for cells in cells_by_image(tmp_path / "a.json"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == 150_000
    assert peak < (tmp_path / "a.json").stat().st_size * 0.5


def test_counting(tmp_path: Path):
    coco = scattered(shuffled=True)
    write_coco(tmp_path / "a.json", coco)
    images, counts = count_cells(tmp_path / "a.json")
    assert images == coco.images
    assert counts == dict.fromkeys(range(1, 40), 600) | {40: 1600, 777: 500}


def test_an_image_that_is_listed_twice_comes_twice(tmp_path: Path):
    listed = [Image(1, "a.tif", 12, 10), Image(1, "b.tif", 12, 10)]
    cell = Annotation(5, 1, msgspec.Raw(b"[[1,1]]"), 2.5, msgspec.Raw(b"[1,1,2,2]"))
    write_coco(tmp_path / "a.json", Coco(listed, [cell]))
    found = [(cells.image.file_name, cells.annotation_ids) for cells in cells_by_image(tmp_path / "a.json")]
    assert found == [("a.tif", [5]), ("b.tif", [5])]


def test_a_missing_and_a_truncated_file(tmp_path: Path):
    with pytest.raises(InputError, match=r"a\.json not found: run the stage"):
        next(cells_by_image(tmp_path / "a.json"))
    write_coco(tmp_path / "a.json", scattered(shuffled=False))
    text = (tmp_path / "a.json").read_bytes()
    (tmp_path / "a.json").write_bytes(text[:-300])
    with pytest.raises(InputError, match=r"a\.json is truncated or no annotation file"):
        next(cells_by_image(tmp_path / "a.json"))
