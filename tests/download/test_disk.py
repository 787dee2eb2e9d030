"""Folders copied: nothing of the user's is removed, and a full disk is said in one line."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from monolayer.download import disk
from monolayer.download.archives import unzip
from monolayer.download.disk import copy_folder, copy_images, require_apart
from monolayer.errors import InputError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A user's folder with two images, one of them in a sub-folder."""
    for name in ("a.tif", "well/b.tif"):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "mine"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copy(source: Path, folder: Path, way: str) -> None:
    if way == "folder":
        copy_folder(source, folder)
    else:
        copy_images([source / "a.tif", source / "well/b.tif"], source, folder)


@pytest.mark.parametrize("way", ["folder", "images"])
@pytest.mark.parametrize("to", [".", "..", "well", "new", "well/new", "../mine", "../mine/well/.."])
def test_a_folder_is_not_copied_into_itself_nor_over_what_holds_it(to: str, way: str, source: Path) -> None:
    before = files(source)
    with pytest.raises(InputError, match=r"mine (lies in|holds) .*: (move it|give the folder)"):
        copy(source, source / to, way)
    assert files(source) == before


@pytest.mark.parametrize("way", ["folder", "images"])
def test_links_do_not_hide_that_it_is_the_same_folder(way: str, source: Path, tmp_path: Path) -> None:
    before = files(source)
    (tmp_path / "link").symlink_to(source, target_is_directory=True)
    with pytest.raises(InputError, match=r"link lies in .*mine, which is emptied"):
        copy(tmp_path / "link", source, way)
    assert files(source) == before


def test_folders_beside_each_other_are_apart(tmp_path: Path) -> None:
    for name in ("raw", "raw2", "ra", "other/raw", "mine/data/raw"):
        require_apart(tmp_path / name, tmp_path / "data" / "raw")


@pytest.mark.parametrize("way", ["folder", "images"])
def test_what_was_there_before_goes(way: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "raw" / "images"
    if way == "images":
        (target / "old").mkdir(parents=True)
    copy(source, target, way)
    assert files(target) == files(source)
    assert not (target / "old").exists()


@pytest.mark.parametrize("way", ["folder", "images"])
@pytest.mark.parametrize(
    ("number", "fault"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk quota is used up")]
)
def test_a_disk_that_fills_up(
    number: int, fault: str, way: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any, copy: Any) -> None:
        raise OSError(number, os.strerror(number), str(copy))

    monkeypatch.setattr(disk.shutil, "copyfile", full)
    with pytest.raises(
        InputError, match=rf"^Copying .*tif: the {fault} \(.*new.*\.tif\): make room and run the"
    ):
        copy(source, tmp_path / "new", way)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_while_unpacking_is_freed_again(
    number: int, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "a"), "zip", source))

    def full(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("zipfile.shutil.copyfileobj", full)
    with pytest.raises(
        InputError, match=r"^Unpacking a\.zip: the disk .*: make room and run the stage again$"
    ):
        unzip(archive, tmp_path / "raw" / "images")
    assert list((tmp_path / "raw").iterdir()) == []
    assert archive.exists()


@pytest.mark.parametrize("way", ["folder", "images"])
def test_a_link_to_nowhere(way: str, source: Path, tmp_path: Path) -> None:
    (source / "a.tif").unlink()
    (source / "a.tif").symlink_to(tmp_path / "gone.tif")
    with pytest.raises(
        InputError, match=r"a\.tif cannot be copied \(No such file or directory\): mend the file"
    ):
        copy(source, tmp_path / "new", way)
