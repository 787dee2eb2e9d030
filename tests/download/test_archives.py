"""Zip files, good and bad ones."""

import contextlib
import random
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monolayer.download import disk
from monolayer.download.archives import UnusableArchiveError, unzip
from monolayer.errors import InputError


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def test_unpacks_all_and_leaves_nothing_beside(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.txt": b"A", "sub/b.txt": b"B"})
    unzip(archive, tmp_path / "raw" / "images")
    assert (tmp_path / "raw/images/a.txt").read_bytes() == b"A"
    assert (tmp_path / "raw/images/sub/b.txt").read_bytes() == b"B"
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["images"]


def test_a_folder_of_the_same_name_is_not_doubled(tmp_path: Path) -> None:
    unzip(write_zip(tmp_path / "a.zip", {"images/a.txt": b"A"}), tmp_path / "images")
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["a.txt"]
    unzip(write_zip(tmp_path / "b.zip", {"images/a.txt": b"A", "b.txt": b"B"}), tmp_path / "b" / "images")
    assert sorted(path.name for path in (tmp_path / "b" / "images").iterdir()) == ["b.txt", "images"]


def test_what_a_killed_run_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "images.part").mkdir()
    (tmp_path / "images.part" / "half.txt").write_bytes(b"hal")
    unzip(write_zip(tmp_path / "a.zip", {"a.txt": b"A"}), tmp_path / "images")
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    "name", ["../evil.txt", "sub/../../evil.txt", "/evil.txt", "C:/evil.txt", "..\\evil.txt", "\\\\host\\x"]
)
def test_no_entry_leaves_the_folder(name: str, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"good.txt": b"good", name: b"evil"})
    with pytest.raises(UnusableArchiveError, match="would leave the folder"):
        unzip(archive, tmp_path / "deep" / "images")
    assert not list(tmp_path.rglob("*.txt"))


def test_no_entry_is_a_link(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc")
    with pytest.raises(UnusableArchiveError, match="'link' is a link"):
        unzip(tmp_path / "a.zip", tmp_path / "images")


def test_encrypted_entry(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.txt": b"A"})
    data = bytearray(archive.read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(header) + flags] |= 1
    archive.write_bytes(data)
    with pytest.raises(UnusableArchiveError, match="password"):
        unzip(archive, tmp_path / "images")


def damaged(good: bytes) -> Iterator[bytes]:
    """Cut short at every 23rd byte, then with every 37th bit turned."""
    yield from (good[:length] for length in range(0, len(good), 23))
    for bit in range(0, len(good) * 8, 37):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        yield bytes(data)


def test_damaged_archives_give_a_clear_error_or_the_right_bytes(tmp_path: Path) -> None:
    body = random.Random(0).randbytes(200) + bytes(200)
    good = write_zip(tmp_path / "good.zip", {"a.bin": body, "sub/b.bin": body}).read_bytes()
    archive, folder = tmp_path / "bad.zip", tmp_path / "out"
    accepted = 0
    for data in damaged(good):
        archive.write_bytes(data)
        with contextlib.suppress(UnusableArchiveError):
            unzip(archive, folder)
        if folder.exists():
            assert all(path.read_bytes() == body for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder)
            accepted += 1
    assert 0 < accepted < 100  # such as those with a bit turned in a date


def test_not_a_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"<html>Not here</html>")
    with pytest.raises(
        UnusableArchiveError, match=r"a\.zip cannot be unpacked .*: delete it and fetch it again"
    ):
        unzip(tmp_path / "a.zip", tmp_path / "images")
    assert not (tmp_path / "images").exists()


def test_the_disks_own_errors_are_not_the_archives(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unzip(tmp_path / "none.zip", tmp_path / "images")


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_zip(tmp_path / "a.zip", {"zeros.bin": bytes(5_000_000)})
    assert archive.stat().st_size < 10_000
    usage = disk.shutil.disk_usage(tmp_path)._replace(free=4_999_999)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"Unpacking a\.zip needs 5,000,000 bytes.* 4,999,999 bytes free"):
        unzip(archive, tmp_path / "images")
    assert not (tmp_path / "images").exists()
