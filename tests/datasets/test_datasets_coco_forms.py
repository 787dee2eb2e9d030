"""COCO files in the forms that exporters write: read with the right pixels, or named as what they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_coco import HEIGHT, SQUARE, WIDTH, Own, annotations_of, cell
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import SPLITS, read_coco
from monolayer.annotations.rasterise import foreground_mask
from monolayer.errors import InputError

MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[1:5, 2:6] = True
TWO_REGIONS = MASK.copy()
TWO_REGIONS[3] = False
CORNERS = MASK.copy()
CORNERS[5:7, 6:8] = True

Change = Callable[[dict[str, Any]], Any]


def code(mask: np.ndarray) -> dict[str, Any]:
    """Pycocotools' run-length code."""
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def require_squares(raw: Path, count: int = 10) -> None:
    """The cells are the squares that were drawn, with their areas, and all that downstream needs."""
    annotations = annotations_of(raw)
    assert len(annotations) == count
    for annotation in annotations:
        assert np.array_equal(foreground_mask([annotation.segmentation], HEIGHT, WIDTH), MASK)
        assert annotation.area == 16
        assert json.loads(bytes(annotation.bbox)) == [2, 1, 4, 4]
        assert (annotation.category_id, annotation.iscrowd) == (1, 0)


def texts(item: dict[str, Any], *keys: str, form: str = "{}") -> None:
    item.update({key: form.format(item[key]) for key in keys})


EACH_IMAGE: dict[str, Change] = {
    "size as text": lambda item: texts(item, "width", "height"),
    "size as text of decimals": lambda item: texts(item, "width", "height", form="{}.0"),
    "size as decimals": lambda item: item.update(width=10.0, height=8.0),
    "size null": lambda item: item.update(width=None, height=None),
    "size 0": lambda item: item.update(width=0, height=0),
    "size -1": lambda item: item.update(width=-1, height=-1),
    "size NaN": lambda item: item.update(width=float("nan"), height=float("nan")),
    "height 0": lambda item: item.update(height=0),
    "no size": lambda item: (item.pop("width"), item.pop("height")),
    "cell type null": lambda item: item.update(cell_type=None),
}


@pytest.mark.parametrize("form", EACH_IMAGE)
def test_images(form: str, own: Own) -> None:
    for item in own.file["images"]:
        EACH_IMAGE[form](item)
    raw = own.download()
    require_squares(raw)
    images = [item for split in SPLITS for item in read_coco(raw / f"annotations/{split}.json").images]
    assert {(item.width, item.height, item.cell_type) for item in images} == {(WIDTH, HEIGHT, "")}


EACH_ANNOTATION: dict[str, Change] = {
    "iscrowd 0.0": lambda item: item.update(iscrowd=0.0),
    "iscrowd '0'": lambda item: item.update(iscrowd="0"),
    "iscrowd null": lambda item: item.update(iscrowd=None),
    "iscrowd false": lambda item: item.update(iscrowd=False),
    "iscrowd 'false'": lambda item: item.update(iscrowd="false"),
    "iscrowd '0.0'": lambda item: item.update(iscrowd="0.0"),
    "area NaN": lambda item: item.update(area=float("nan")),
    "area -Infinity": lambda item: item.update(area=float("-inf")),
    "area null": lambda item: item.update(area=None),
    "area as text": lambda item: item.update(area="16"),
    "area as a word": lambda item: item.update(area="unknown"),
    "box []": lambda item: item.update(bbox=[]),
    "box null": lambda item: item.update(bbox=None),
    "box of three": lambda item: item.update(bbox=[1, 2, 3]),
    "box of NaN": lambda item: item.update(bbox=[float("nan")] * 4),
    "box as text": lambda item: item.update(bbox=["2", "1", "4", "4"]),
    "box as a mapping": lambda item: item.update(bbox={"x": 1, "y": 2, "width": 3, "height": 4}),
    "no category": lambda item: item.pop("category_id"),
    "category null": lambda item: item.update(category_id=None),
    "category as text": lambda item: item.update(category_id="3"),
    "category as decimals": lambda item: item.update(category_id=3.0),
    "points as pairs": lambda item: item.update(segmentation=[[2, 1], [6, 1], [6, 5], [2, 5]]),
    "polygons of pairs": lambda item: item.update(segmentation=[[[2, 1], [6, 1], [6, 5], [2, 5]]]),
    "a flat polygon": lambda item: item.update(segmentation=SQUARE[0]),
    "coordinates as text": lambda item: item.update(segmentation=[[str(number) for number in SQUARE[0]]]),
    "a flat polygon as text": lambda item: item.update(segmentation=[str(number) for number in SQUARE[0]]),
    "a polygon that is closed": lambda item: item.update(segmentation=[SQUARE[0] + SQUARE[0][:2]]),
    "an empty polygon too": lambda item: item.update(segmentation=[[], SQUARE[0]]),
    "size of the code as text": lambda item: item.update(
        segmentation=code(MASK) | {"size": [str(HEIGHT), str(WIDTH)]}
    ),
    "size of the code as decimals": lambda item: item.update(segmentation=code(MASK) | {"size": [8.0, 10.0]}),
}


@pytest.mark.parametrize("form", EACH_ANNOTATION)
def test_annotations(form: str, own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    for item in own.file["annotations"]:
        EACH_ANNOTATION[form](item)
    require_squares(own.download())
    assert not capsys.readouterr().err


def keyed(items: list[dict[str, Any]], inner: bool) -> dict[str, Any]:
    return {str(item["id"]): {key: item[key] for key in item if inner or key != "id"} for item in items}


@pytest.mark.parametrize("inner", [True, False])
@pytest.mark.parametrize("what", [["images"], ["annotations"], ["images", "annotations"]])
def test_mappings_from_id(what: list[str], inner: bool, own: Own) -> None:
    for part in what:
        own.file[part] = keyed(own.file[part], inner)
    require_squares(own.download())


@pytest.mark.parametrize("form", ["{}", "{}.0"])
def test_ids_as_text(form: str, own: Own) -> None:
    for item in own.file["images"]:
        texts(item, "id", form=form)
    for item in own.file["annotations"]:
        texts(item, "id", "image_id", form=form)
    require_squares(own.download())


def test_ids_as_decimals_of_images_alone(own: Own) -> None:
    for item in own.file["images"]:
        item["id"] = float(item["id"])
    require_squares(own.download())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("area", [16.0, float("nan")])
def test_encodings(encoding: str, area: float, own: Own) -> None:
    own.file["info"] = 'Gr\u00f6\u00dfe: NaN, "Infinity", '  # which is text, and stays what it is
    own.file["images"][0]["cell_type"] = "\u03b1, NaN, "[:1]
    for item in own.file["annotations"]:
        item["area"] = area
    (own.root / "own.json").write_bytes(json.dumps(own.file, ensure_ascii=False).encode(encoding))
    raw = own.download()
    require_squares(raw)
    images = [item for split in SPLITS for item in read_coco(raw / f"annotations/{split}.json").images]
    assert {item.cell_type for item in images if item.id == 0} == {"\u03b1"}


def test_a_file_in_another_encoding_is_named(own: Own) -> None:
    (own.root / "own.json").write_bytes('{"images": [], "note": "Gr\u00f6\u00dfe"}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"own\.json is .*JSON"):
        own.download()
    (own.root / "own.json").write_bytes(b"\xff\xfe{\x00\x00\xd8")
    with pytest.raises(InputError, match=r"own\.json is truncated or not JSON: .*Export it again, as UTF-8"):
        own.download()


@pytest.mark.parametrize("mask", [MASK, CORNERS])
@pytest.mark.parametrize("flag", [1, True, "1", 1.0])
def test_brush_masks_are_cells(
    mask: np.ndarray, flag: Any, own: Own, capsys: pytest.CaptureFixture[str]
) -> None:
    for item in own.file["annotations"][:4]:
        item |= {"iscrowd": flag, "segmentation": code(mask)}
    raw = own.download()
    areas = {item.id: item.area for item in annotations_of(raw)}
    assert areas == {100 + number: mask.sum() if number < 4 else 16 for number in range(10)}
    assert "crowd" not in (raw / "dataset.json").read_text()
    assert "download: 4 annotations have `iscrowd`: 1 on one connected region" in capsys.readouterr().err


def test_crowds_are_left_out_with_a_line(own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    own.file["annotations"] += [
        cell(200, 0, iscrowd=1, segmentation=code(TWO_REGIONS)),
        cell(201, 1, iscrowd=True, segmentation=[[0, 0, 2, 0, 2, 2], [5, 5, 8, 5, 8, 8]]),
    ]
    raw = own.download()
    require_squares(raw)
    assert json.loads((raw / "dataset.json").read_text())["crowd_regions_left_out"] == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("download: 2 annotations are crowd regions (`iscrowd`: 1 on several regions)")
    assert "annotation 20" in lines[0]


@pytest.mark.parametrize("area", [0, 32, 5.5, -3])
def test_an_area_that_contradicts_the_pixels_is_said_once(
    area: float, own: Own, capsys: pytest.CaptureFixture[str]
) -> None:
    for item in own.file["annotations"][:3]:
        item["area"] = area
    for item in own.file["annotations"][3:]:
        item["area"] = 15.0
    require_squares(own.download())
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("download: 3 annotations have another `area` than the pixels drawn")
    assert f"such as {area} for 16 in annotation 10" in line


def test_annotations_without_a_pixel_are_said(own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    own.file["annotations"][0]["segmentation"] = [[1, 1, 5, 5]]
    own.file["annotations"][1]["segmentation"] = [[20, 20, 30, 20, 30, 30]]
    assert len(annotations_of(own.download())) == 10
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("download: 2 annotations cover no pixel of their image, such as annotation 10")


@pytest.mark.parametrize("which", [slice(None), slice(7, 8)])
def test_exchanged_width_and_height(which: slice, own: Own) -> None:
    for item in own.file["images"][which]:
        item |= {"width": HEIGHT, "height": WIDTH}
    with pytest.raises(
        InputError, match=r"has width 8 and height 10, but .*\.png is 10 wide and 8 high: exch"
    ):
        own.download()


def test_an_image_that_cannot_be_read_is_left_to_the_cleaning(own: Own) -> None:
    for path in (own.root / "images").iterdir():
        path.write_bytes(b"no image")
    require_squares(own.download())


@pytest.mark.parametrize("what", ["images", "annotations"])
def test_ids_beyond_64_bits(what: str, own: Own) -> None:
    own.file[what][0]["id"] = 2**63
    with pytest.raises(InputError, match=rf"the id {2**63} of {what} needs more than 64 bits"):
        own.download()


@pytest.mark.parametrize("cell_type", ["../x", "a/b", "a\\b", "a\nb"])
def test_a_cell_type_that_is_a_path(cell_type: str, own: Own) -> None:
    with pytest.raises(InputError, match=r"params\.yaml: cell_type .* is no name"):
        own.download(cell_type=cell_type)
    own.file["images"][3]["cell_type"] = cell_type
    (own.root / "own.json").unlink()
    with pytest.raises(InputError, match=r"own\.json: image 3: cell_type .* is no name"):
        own.download()
