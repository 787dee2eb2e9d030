"""The files of a COCO file's images: found under the names of other systems, counted where there are none."""

import json
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from own_coco import HEIGHT, WIDTH, Own, cell, image

from monolayer.annotations.coco import SPLITS, Image, read_coco
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_png


def images_of(raw: Path) -> list[Image]:
    return [item for split in SPLITS for item in read_coco(raw / f"annotations/{split}.json").images]


def require_own_pixels(raw: Path, numbers: range = range(10)) -> None:
    """Each image has the file with its own pixels, whose level is its id, under the name that is written."""
    levels = {item.id: read_image(raw / "images" / item.file_name)[0, 0] for item in images_of(raw)}
    assert levels == {number: number for number in numbers}


FORMS = ["images\\{}.png", "export/images/{}.png", "./{}.png", "a/../{}.png", "{}.PNG", "images/{}%2Epng"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", [1, 2])
def test_names_of_other_systems(form: str, step: int, own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    for item in own.file["images"][::step]:
        item["file_name"] = form.format(item["id"])
    require_own_pixels(own.download())
    assert not capsys.readouterr().err


def test_folders_behind_links_and_hidden_files(own: Own) -> None:
    (own.root / "plate").mkdir()
    for number in range(5):
        (own.root / f"images/{number}.png").rename(own.root / f"plate/{number}.png")
    (own.root / "images/plate 1").symlink_to(own.root / "plate")
    (own.root / "plate/back").symlink_to(own.root / "images")
    (own.root / "images/.ipynb_checkpoints").mkdir()
    for path in (own.root / "plate").glob("*.png"):
        shutil.copy(path, own.root / "images/.ipynb_checkpoints" / path.name)
        (path.parent / f"._{path.name}").write_bytes(b"")
    raw = own.download()
    require_own_pixels(raw)
    copied = [path for path in (raw / "images").rglob("*") if path.is_file()]
    assert len(copied) == 10
    assert not any(path.is_symlink() for path in (raw / "images").rglob("*"))


@pytest.mark.parametrize(("listed", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents(listed: str, on_disk: str, own: Own) -> None:
    for item in own.file["images"]:
        name = f"Zelle \u00e4{item['id']}.png"
        (own.root / f"images/{item['id']}.png").rename(
            own.root / "images" / unicodedata.normalize(on_disk, name)
        )
        item["file_name"] = unicodedata.normalize(listed, name)
    require_own_pixels(own.download())


def test_images_without_a_file_are_counted(own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (3, 4, 8):
        (own.root / f"images/{number}.png").unlink()
    raw = own.download(annotations=own.split(5, 8))
    assert len(images_of(raw)) == 10
    assert capsys.readouterr().err == (
        f"download: 3 of 10 listed images have no file below {own.root / 'images'}, such as 3.png\n"
    )


@pytest.mark.parametrize(
    "name", ["../9.png", "/9.png", "C:\\9.png", "https://host/9.png", "images/../../9.png"]
)
def test_names_that_leave_the_folder(name: str, own: Own) -> None:
    own.file["images"][9]["file_name"] = name
    with pytest.raises(
        InputError, match=r"own\.json: image .*9\.png is not below .*images: correct its file"
    ):
        own.download()


def test_two_names_of_one_file(own: Own) -> None:
    own.file["images"][1]["file_name"] = "plate1/0.png"
    with pytest.raises(
        InputError, match=r"the images .*0\.png and .*0\.png lead to one file, .*images/0\.png"
    ):
        own.download()


@pytest.mark.parametrize("name", ["0.png", "./0.png"])
def test_one_name_under_two_ids_is_left_to_the_cleaning(name: str, own: Own) -> None:
    own.file["images"][1]["file_name"] = name
    assert [item.file_name for item in images_of(own.download())].count("0.png") == 2


def files_of_one_name(own: Own, folders: dict[str, int]) -> None:
    for folder, level in folders.items():
        (own.root / "images" / folder).mkdir()
        write_png(own.root / "images" / folder / "a.png", np.full((HEIGHT, WIDTH), level, np.uint8))


def test_a_drawn_split_chooses_no_folder(own: Own) -> None:
    files_of_one_name(own, {"train": 50, "val": 51, "test": 52})
    own.file["images"][0]["file_name"] = "a.png"
    with pytest.raises(
        InputError, match=r"own\.json: a\.png is ambiguous: .*test/a.*train/a.*val/a.*Keep one"
    ):
        own.download()


def test_a_given_split_chooses_its_folder_by_whole_words(own: Own) -> None:
    files_of_one_name(own, {"constrained": 50, "Train-images": 51, "latest": 52})
    files = {}
    for split in SPLITS:
        files[split] = str(own.root / f"{split}.json")
        name = "a.png" if split == "train" else "latest/a.png"
        content = {"images": [image(1, file_name=name)], "annotations": [cell(1, 1)]}
        Path(files[split]).write_text(json.dumps(content))
    raw = own.download(annotations=files)
    assert [item.file_name for item in images_of(raw)] == [
        "Train-images/a.png",
        "latest/a.png",
        "latest/a.png",
    ]
    shutil.rmtree(own.root / "images/Train-images")
    with pytest.raises(
        InputError, match=r"train\.json: a\.png of split train is ambiguous: .*constrained.*latest"
    ):
        own.download(annotations=files)
