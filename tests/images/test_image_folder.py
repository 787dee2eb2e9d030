"""Folders of images as people have them: links, hidden files, names of other systems."""

import os
import unicodedata
from pathlib import Path

import pytest

from monolayer.errors import InputError
from monolayer.images.folder import ImageFolder, image_files


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def listed(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in image_files(root)]


def test_images_are_listed_sorted_with_endings_in_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "b.PNG", "a/c.Tif", "a.webp", "notes.txt", "a/d.npy", "noending")
    assert listed(tmp_path) == ["a/c.Tif", "a.webp", "b.PNG"]


@pytest.mark.parametrize(
    "name",
    ["._a.png", ".a.png", ".ipynb_checkpoints/a.png", "__MACOSX/x/a.png", "s/@eaDir/a.png", "s/.x/a.png"],
)
def test_hidden_files_are_passed_over(name: str, tmp_path: Path) -> None:
    touch(tmp_path / ".hidden root", name, "s/seen.png")
    root = tmp_path / ".hidden root"
    assert listed(root) == ["s/seen.png"]
    assert ImageFolder(root).find("a.png", "train") is None
    assert ImageFolder(root).find(name, "train") is None


def test_folders_and_files_behind_links_are_listed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "plate/a.tif", "b.tif")
    root = tmp_path / "images"
    root.mkdir()
    (root / "plate1").symlink_to(tmp_path / "elsewhere" / "plate")
    (root / "plate2").symlink_to(tmp_path / "elsewhere" / "plate", target_is_directory=True)
    (root / "c.tif").symlink_to(tmp_path / "elsewhere" / "b.tif")
    (root / "broken.tif").symlink_to(tmp_path / "nowhere.tif")
    assert listed(root) == ["c.tif", "plate1/a.tif", "plate2/a.tif"]
    # Both are one file, so which of them is meant makes no difference.
    assert ImageFolder(root).find("a.tif", "train") == root / "plate1/a.tif"


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.png", "y/b.png")
    (tmp_path / "x" / "up").symlink_to(tmp_path)
    (tmp_path / "x" / "y").symlink_to(tmp_path / "y")
    (tmp_path / "y" / "x").symlink_to(tmp_path / "x")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert listed(tmp_path) == ["x/a.png", "x/y/b.png", "y/b.png", "y/x/a.png"]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"cannot be listed \(Permission denied\)"):
        image_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("images\\a.png", "a.png"),
        ("images\\a.png", "images/a.png"),
        ("export/images/a.png", "a.png"),
        ("export/images/a.png", "images/a.png"),
        ("./a.png", "a.png"),
        (".\\sub\\a.png", "sub/a.png"),
        ("sub/../a.png", "a.png"),
        ("a%20b.png", "a b.png"),
        ("plate%201/a.png", "plate 1/a.png"),
        ("a.PNG", "a.png"),
        ("a.tif", "a.TIF"),
        ("Sub/A.tif", "sub/a.tif"),
        ("Gr\u00f6\u00dfe \u00e4.png", "Gr\u00f6\u00dfe \u00e4.png"),
    ],
)
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_list", ["NFC", "NFD"])
def test_names_of_other_systems(name: str, file: str, on_disk: str, in_list: str, tmp_path: Path) -> None:
    touch(tmp_path, unicodedata.normalize(on_disk, file), "other.png")
    found = ImageFolder(tmp_path).find(unicodedata.normalize(in_list, name), "train")
    assert found == tmp_path / unicodedata.normalize(on_disk, file)


def test_a_file_whose_name_holds_a_backslash(tmp_path: Path) -> None:
    touch(tmp_path, "images\\a.png")
    assert ImageFolder(tmp_path).find("images\\a.png", "train") == tmp_path / "images\\a.png"
    assert ImageFolder(tmp_path).find("images/a.png", "train") == tmp_path / "images\\a.png"


def test_a_path_below_the_folder_may_be_absolute(tmp_path: Path) -> None:
    touch(tmp_path / "real", "sub/a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder = ImageFolder(tmp_path / "link")
    for root in ("real", "link"):
        assert folder.find(str(tmp_path / root / "sub/a.png")) == tmp_path / "link/sub/a.png"


def test_case_counts_where_files_differ_by_nothing_else(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "A.png")
    folder = ImageFolder(tmp_path)
    assert [folder.find(name) for name in ("a.png", "A.png")] == [tmp_path / "a.png", tmp_path / "A.png"]
    with pytest.raises(InputError, match=r"a\.PNG is ambiguous"):
        folder.find("a.PNG")


def test_the_longest_path_is_meant(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "images/a.png")
    assert ImageFolder(tmp_path).find("export/images/a.png") == tmp_path / "images/a.png"
    assert ImageFolder(tmp_path).find("export/other/a.png") == tmp_path / "a.png"


def test_another_folders_file_is_not_meant(tmp_path: Path) -> None:
    touch(tmp_path, "constrained/a.png")
    assert ImageFolder(tmp_path).find("wildtype/a.png", "train") is None


@pytest.mark.parametrize(
    "name",
    ["../a.png", "..", "sub/../../a.png", "..\\a.png", "/etc/a.png", "C:\\data\\a.png", "\\\\host\\a.png",
     "https://host/a.png", "file:///a.png", "s3://bucket/a.png"],
)  # fmt: skip
def test_names_that_leave_the_folder(name: str, tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.png")
    touch(tmp_path, "a.png")
    with pytest.raises(InputError, match=r"image .* is not below .*in: correct its file name"):
        ImageFolder(tmp_path / "in").find(name, "train")


@pytest.mark.parametrize("name", ["", ".", "sub"])
def test_names_of_no_file(name: str, tmp_path: Path) -> None:
    touch(tmp_path, "sub/a.png")
    assert ImageFolder(tmp_path).find(name, "train") is None


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("livecell_train_val_images", "train"), ("livecell_train_val_images", "val"),
        ("train-images", "train"),
        ("trainImages", "train"), ("Train", "train"), ("TEST", "test"), ("my images/validation", "val"),
        ("training", "train"), ("val2017", "val"), ("test.images", "test"), ("data/Testing/raw", "test"),
    ],
)  # fmt: skip
def test_splits_are_told_by_whole_words(folder: str, split: str, tmp_path: Path) -> None:
    touch(tmp_path, "wildtype/a.png", f"{folder}/a.png")
    assert ImageFolder(tmp_path).find("a.png", split) == tmp_path / folder / "a.png"


@pytest.mark.parametrize(
    ("folder", "split"),
    [("constrained", "train"), ("strain_train2", "train"), ("pretrained", "train"), ("latest", "test"),
     ("contest", "test"), ("interval", "val"), ("valley", "val")],
)  # fmt: skip
def test_words_that_hold_a_splits_name_are_none(folder: str, split: str, tmp_path: Path) -> None:
    touch(tmp_path, "wildtype/a.png", f"{folder}/a.png")
    with pytest.raises(InputError, match=rf"a\.png of split {split} is ambiguous: .*{folder}.*wildtype"):
        ImageFolder(tmp_path).find("a.png", split)


def test_without_a_split_no_folder_is_chosen(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "val/a.png")
    with pytest.raises(InputError, match=r"^a\.png is ambiguous: .*train/a\.png, .*val/a\.png\. Keep one"):
        ImageFolder(tmp_path).find("a.png")
