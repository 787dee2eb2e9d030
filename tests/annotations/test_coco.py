"""COCO files, read and written."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monolayer.annotations.coco import (
    Annotation,
    Coco,
    Image,
    annotations_by_image,
    cell_type_of,
    decode_segmentation,
    read_coco,
    write_coco,
)
from monolayer.annotations.coco_pieces import read_annotations, read_images, read_in_pieces
from monolayer.errors import InputError

IMAGE = {"id": 7, "file_name": "a.tif", "width": 12, "height": 10}
CELL = {"id": 1, "image_id": 7, "segmentation": [[1, 1, 3, 1, 3, 3]], "area": 2.5, "bbox": [1, 1, 2, 2]}


def write(folder: Path, content: Any) -> Path:
    path = folder / "coco.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_reading(tmp_path: Path) -> None:
    extra = {"info": {"year": 2021}, "categories": [], "licenses": None}
    image = IMAGE | {"url": "x", "original_filename": "y"}
    coco = read_coco(write(tmp_path, extra | {"images": [image], "annotations": [CELL | {"iscrowd": 1}]}))
    assert coco.images == [Image(7, "a.tif", 12, 10)]
    (cell,) = coco.annotations
    assert (cell.id, cell.image_id, cell.area, cell.category_id, cell.iscrowd) == (1, 7, 2.5, 1, 1)
    assert decode_segmentation(cell.segmentation) == [[1, 1, 3, 1, 3, 3]]
    assert json.loads(bytes(cell.bbox)) == [1, 1, 2, 2]


def test_annotations_as_a_mapping_from_id_keep_their_order(tmp_path: Path) -> None:
    cells = {"9": CELL | {"id": 9}, "2": CELL | {"id": 2}}
    coco = read_coco(write(tmp_path, {"images": [IMAGE], "annotations": cells}))
    assert [cell.id for cell in coco.annotations] == [9, 2]


def test_writing_and_reading_again_give_the_same_bytes(tmp_path: Path) -> None:
    images = [
        Image(number, f"{number}.tif", 12, 10, "MCF7" if number % 2 else "") for number in range(15_000)
    ]
    cells = [
        Annotation(number, number, msgspec.Raw(b"[[1,1,3,1,3,3.25]]"), 2.5, msgspec.Raw(b"[1,1,2,2.25]"))
        for number in range(15_000)
    ]
    first, second = tmp_path / "deep" / "a.json", tmp_path / "b.json"
    write_coco(first, Coco(images, cells))
    write_coco(second, read_coco(first))
    assert first.read_bytes() == second.read_bytes()
    plain = json.loads(first.read_text())
    assert plain["categories"] == [{"id": 1, "name": "cell", "supercategory": "cell"}]
    assert [image["id"] for image in plain["images"]] == list(range(15_000))
    assert plain["annotations"][-1] == {
        "id": 14_999, "image_id": 14_999, "segmentation": [[1, 1, 3, 1, 3, 3.25]], "area": 2.5,
        "bbox": [1, 1, 2, 2.25], "category_id": 1, "iscrowd": 0,
    }  # fmt: skip
    assert list(first.parent.iterdir()) == [first]


def test_an_empty_file_can_be_written(tmp_path: Path) -> None:
    write_coco(tmp_path / "a.json", Coco([], []))
    assert read_coco(tmp_path / "a.json") == Coco([], [])


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_coco(path, Coco([Image(1, "a.tif", 2, 2)], []))
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_coco(path, Coco([Image(1, object(), 2, 2)], []))  # type: ignore[arg-type]
    assert path.read_bytes() == before


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json not found: run the stage that writes it"):
        read_coco(tmp_path / "none.json")


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_truncated(length: int, tmp_path: Path) -> None:
    text = json.dumps({"images": [IMAGE], "annotations": [CELL]})
    with pytest.raises(InputError, match=r"coco\.json \(\d+ bytes\) is truncated or not JSON: .*Delete it"):
        read_coco(write(tmp_path, text[:length]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "Expected `object`"),
        ({"images": [IMAGE]}, "`annotations`"),
        ({"annotations": [CELL]}, "`images`"),
        ({"images": [{"id": 1}], "annotations": []}, r"`file_name`.*images\[0\]"),
        ({"images": [IMAGE | {"id": "7"}], "annotations": []}, r"Expected `int`.*images\[0\]\.id"),
        ({"images": [IMAGE], "annotations": [CELL | {"area": "big"}]}, r"Expected `float`.*annotations\[0\]"),
    ],
)
def test_json_of_another_form(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"coco\.json is JSON, but not a COCO annotation file: .*{message}"):
        read_coco(write(tmp_path, content))


def test_grouping_by_image(tmp_path: Path) -> None:
    cells = [CELL, CELL | {"id": 2, "image_id": 8}, CELL | {"id": 3}]
    images = [IMAGE, IMAGE | {"id": 8}, IMAGE | {"id": 9}]
    groups = annotations_by_image(read_coco(write(tmp_path, {"images": images, "annotations": cells})))
    assert {key: [cell.id for cell in group] for key, group in groups.items()} == {7: [1, 3], 8: [2], 9: []}


def test_run_length_codes_are_decoded_as_they_are() -> None:
    assert decode_segmentation(msgspec.Raw(b'{"size":[2,2],"counts":[0,4]}')) == {
        "size": [2, 2],
        "counts": [0, 4],
    }


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image(1, "BV2_Phase_D4_1_00d12h00m_2.tif", 1, 1), "BV2"),
        (Image(1, "BV2_Phase_D4_1_00d12h00m_2.tif", 1, 1, "HeLa"), "HeLa"),
        (Image(1, "nuclei.png", 1, 1), "cell"),
    ],
)
def test_cell_types(image: Image, expected: str) -> None:
    assert cell_type_of(image) == expected


class Place(msgspec.Struct):
    id: int
    bbox: list[float]


def pieces(path: Path) -> tuple[list[Image], list[list[Place]]]:
    images, read = read_in_pieces(path, msgspec.json.Decoder(list[Place]))
    return images, list(read)


def annotation(number: int, outline: bytes = b"[[1,1,3,1,3,3]]") -> Annotation:
    return Annotation(number, number % 3, msgspec.Raw(outline), 2.5, msgspec.Raw(b"[1,1,2,%d]" % number))


@pytest.mark.parametrize("number", [0, 1, 10_000, 25_000])
@pytest.mark.parametrize("outline", [b"[[1,1,3,1,3,3]]", b"[\n [1,1,3,\n1,3,3],\n\n [1, 2]\n]"])
def test_reading_in_pieces(tmp_path: Path, number: int, outline: bytes) -> None:
    listed = [Image(place, f"{place}.tif", 12, 10) for place in range(3)]
    write_coco(tmp_path / "a.json", Coco(listed, [annotation(place, outline) for place in range(number)]))
    images, read = pieces(tmp_path / "a.json")
    assert images == listed
    assert len(read) == max(1, -(-number // 10_000))
    cells = [cell for piece in read for cell in piece]
    assert [(cell.id, cell.bbox[3]) for cell in cells] == [(place, place) for place in range(number)]


def test_what_other_programs_wrote_is_read_as_one_piece(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"annotations": {"9": CELL | {"id": 9}}, "images": [IMAGE]}, indent=1))
    assert pieces(path) == ([Image(7, "a.tif", 12, 10)], [[Place(9, [1, 1, 2, 2])]])


def test_pieces_of_what_is_no_annotation_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json not found: run the stage"):
        pieces(tmp_path / "none.json")
    with pytest.raises(InputError, match="not a COCO annotation file"):
        pieces(write(tmp_path, "[]"))
    write_coco(tmp_path / "a.json", Coco([], [annotation(1), annotation(2)]))
    text = (tmp_path / "a.json").read_text()
    for broken in (text[:-20], text.replace("[1,1,2,2]", '"no box"')):
        with pytest.raises(InputError, match=r"coco\.json is truncated or no annotation file \(.*\): run"):
            pieces(write(tmp_path, broken))


def test_images_and_cells_one_by_one(tmp_path: Path) -> None:
    coco = Coco([Image(4, "a.tif", 12, 10)], [annotation(place) for place in range(10_001)])
    write_coco(tmp_path / "a.json", coco)
    assert read_images(tmp_path / "a.json") == coco.images
    images, annotations = read_annotations(tmp_path / "a.json")
    assert (images, list(annotations)) == (coco.images, coco.annotations)
