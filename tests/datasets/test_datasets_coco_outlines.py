"""What stands in the place of an outline in COCO files and is none: named as what it is."""

from collections.abc import Callable
from typing import Any

import pytest
from own_coco import HEIGHT, WIDTH, Own, annotations_of

from monolayer.errors import InputError

Change = Callable[[dict[str, Any]], Any]


WRONG: dict[str, tuple[Change, str]] = {
    "no segmentation": (lambda item: item.pop("segmentation"), "have no outline: their `segmentation`"),
    "null": (lambda item: item.update(segmentation=None), "1 of its 10 annotations, such as 100, have no"),
    "boxes": (lambda item: item.update(segmentation=[], bbox=[2, 1, 4, 4]), r"\(1 have a box, `bbox`, alone"),
    "empty polygon": (lambda item: item.update(segmentation=[[]]), "are empty|is empty"),
    "empty, spaced": (lambda item: item.update(segmentation=[[], []]), "is empty"),
    "empty code": (lambda item: item.update(segmentation={}), "is empty"),
    "box as polygon": (
        lambda item: item.update(segmentation=[[2, 1, 4, 4]], bbox=[2, 1, 4, 4]),
        r"annotation 100: \[\[2.0, 1.0, 4.0, 4.0\]\] is a box",
    ),
    "corners as polygon": (
        lambda item: item.update(segmentation=[[2, 1, 6, 5]], bbox=[2, 1, 4, 4]), "is a box, .*corners"
    ),
    "flat box": (lambda item: item.update(segmentation=[2, 1, 4, 4], bbox=[2, 1, 4, 4]), "is a box"),
    "fractions": (
        lambda item: item.update(segmentation=[[0.2, 0.125, 0.6, 0.125, 0.6, 0.625, 0.2, 0.625]]),
        "annotation 100: its coordinates are fractions of the image, from 0 to 1: multiply",
    ),
    "pairs of fractions": (
        lambda item: item.update(segmentation=[[0.2, 0.125], [0.6, 0.125], [0.6, 0.625], [1, 1]]), "fractions"
    ),
    "an x without a y": (
        lambda item: item.update(segmentation=[[2, 1, 6, 1, 6, 5, 2, 5], [1, 1, 5, 1, 5, 5, 1]]),
        "annotation 100: a polygon of 7 numbers lacks one: give x and y",
    ),
    "NaN": (lambda item: item.update(segmentation=[[float("nan")] * 6]), "null, NaN or Infinity"),
    "Infinity": (lambda item: item.update(segmentation=[[1, 1, 5, 5, 1, float("inf")]]), "NaN or Infinity"),
    "null coordinate": (lambda item: item.update(segmentation=[[1, 1, 5, 5, 1, None]]), "NaN or Infinity"),
    "words": (lambda item: item.update(segmentation=[["a", "b"]]), "Expected `float`.* Give polygons"),
    "printed bytes": (
        lambda item: item.update(segmentation={"size": [HEIGHT, WIDTH], "counts": "b'abc'"}),
        r"annotation 100: its `counts` are the printed form of Python's bytes",
    ),
    "code of exchanged size": (
        lambda item: item.update(segmentation={"size": [WIDTH, HEIGHT], "counts": [80]}),
        r"annotation 100: run-length code of size \[10, 8\] .* height and width are exchanged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", WRONG)
@pytest.mark.parametrize("sizes", ["given", "missing"])
def test_what_is_no_outline_is_named(form: str, sizes: str, own: Own) -> None:
    change, message = WRONG[form]
    change(own.file["annotations"][0])
    if sizes == "missing":
        for item in own.file["images"]:
            del item["width"], item["height"]
    with pytest.raises(InputError, match=rf"own\.json.*{message}"):
        own.download()
    assert not (own.root / "raw").exists()


@pytest.mark.parametrize(
    "segmentation", [[[2, 1, 4, 4]], [[20, 20, 30, 20, 30, 30]], [[-5, -5, -1, -5, -1, -1]]]
)
def test_most_annotations_without_a_pixel_are_an_error(segmentation: Any, own: Own) -> None:
    for item in own.file["annotations"][:6]:
        item["segmentation"] = segmentation
    with pytest.raises(InputError, match=r"6 of 10 annotations cover no pixel .*is a box and no outline"):
        own.download()


def test_a_polygon_in_the_first_pixel_is_none_of_fractions(own: Own) -> None:
    own.file["annotations"][0]["segmentation"] = [[0, 0, 1, 0, 1, 1, 0, 1]]
    assert {item.area for item in annotations_of(own.download()) if item.id == 100} == {1}
