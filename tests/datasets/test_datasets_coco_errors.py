"""Own data that cannot be used, and what is said of it."""

from typing import Any

import pytest
from own_coco import HEIGHT, WIDTH, Own

from monolayer.datasets.coco import Settings
from monolayer.download import disk
from monolayer.errors import InputError
from monolayer.parameters import validate


def test_missing_folder_of_images(own: Own) -> None:
    with pytest.raises(InputError, match=r"images: .*nowhere is no folder: give the folder"):
        own.download(images=str(own.root / "nowhere"))


def test_missing_annotation_file(own: Own) -> None:
    with pytest.raises(InputError, match=r"annotations: .*none\.json not found: give the path"):
        own.download(annotations=str(own.root / "none.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [', r"own\.json is truncated or not JSON"),
        ('{"images": []}', r"own\.json is JSON, but not a COCO .*`annotations`"),
        ('{"annotations": []}', r"own\.json is JSON, but not a COCO .*`images`"),
        ('{"images": [], "annotations": [{"id": 1, "image_id": 1}]}', r"own\.json is JSON.*`segmentation`"),
    ],
)
def test_not_a_coco_file(text: str, message: str, own: Own) -> None:
    (own.root / "own.json").write_text(text)
    with pytest.raises(InputError, match=message):
        own.download()


def test_annotation_of_an_unknown_image(own: Own) -> None:
    own.file["annotations"][2]["image_id"] = 77
    with pytest.raises(InputError, match=r"own\.json: annotation 102 is of image 77, which is not listed"):
        own.download()


@pytest.mark.parametrize("what", ["images", "annotations"])
def test_an_id_given_twice(what: str, own: Own) -> None:
    own.file[what][1]["id"] = own.file[what][0]["id"]
    with pytest.raises(InputError, match=rf"own\.json: several {what} have the id"):
        own.download()


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (5, "Expected"),
        ([["a", "b"]], "Expected `float`"),
        ({"counts": [80]}, "`size`"),
        ({"size": [HEIGHT, WIDTH], "counts": [90, -10]}, ">= 0"),
        ({"size": [HEIGHT, WIDTH], "counts": [81]}, "counts 81 pixels"),
        ({"size": [WIDTH, HEIGHT], "counts": [80]}, r"size \[10, 8\]"),
    ],
)
def test_segmentation_that_is_none(segmentation: Any, message: str, own: Own) -> None:
    own.file["annotations"][0]["segmentation"] = segmentation
    with pytest.raises(InputError, match=rf"own\.json: segmentation of annotation 100: .*{message}"):
        own.download()


def test_missing_size_of_a_missing_image(own: Own) -> None:
    (own.root / "images" / "3.png").unlink()
    del own.file["images"][3]["width"]
    with pytest.raises(InputError, match=r"3\.png of split \w+ is not below"):
        own.download()


def test_empty_split(own: Own) -> None:
    with pytest.raises(InputError, match="split test is empty"):
        own.download(split={"train": 0.5, "val": 0.5, "test": 0})
    with pytest.raises(InputError, match="split val is empty"):
        own.download(annotations=own.split(5, 5))


def test_wrong_folder_of_images(own: Own) -> None:
    (own.root / "empty").mkdir()
    with pytest.raises(InputError, match=r"none of the listed images, such as \d\.png, is below .*empty"):
        own.download(images=str(own.root / "empty"))


def test_no_room(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = disk.shutil.disk_usage(own.root)._replace(free=0)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"Copying the images of .* 0 bytes free"):
        own.download()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"split": {"train": 0.7, "val": 0.2, "test": 0.2}},
            "fractions of train, val and test that sum to 1",
        ),
        ({"split": {"train": 0.7, "val": 0.3}}, "fractions of train, val and test that sum to 1"),
        ({"split": {"train": 1.7, "val": -0.7, "test": 0}}, "fractions of train, val and test that sum to 1"),
        ({"annotations": {"train": "a.json", "val": "b.json"}}, "one file, or one for each of train, val"),
        ({"annotations": {"validation": "a.json"}}, "'train', 'val' or 'test'"),
        ({"images": 5}, "images: Input should be a valid string"),
    ],
)
def test_wrong_settings(values: dict[str, Any], message: str) -> None:
    values = {"source": "coco", "images": "a", "annotations": "b"} | values
    with pytest.raises(InputError, match=message):
        validate(values, "datasets.own", Settings)


def test_shares_in_any_spelling() -> None:
    values = {"train": "7e-1", "val": 0.1, "test": "2e-1"}
    settings = validate(
        {"source": "coco", "images": "a", "annotations": "b", "split": values}, "own", Settings
    )
    assert settings.split == {"train": 0.7, "val": 0.1, "test": 0.2}
