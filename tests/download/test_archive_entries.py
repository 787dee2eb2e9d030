"""Archives that must not be unpacked: bombs, and names that do harm."""

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monolayer.download import entries
from monolayer.download.archives import unzip
from monolayer.download.entries import UnusableArchiveError, require_safe


def archive(path: Path, names: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as content:
        for name, data in names.items():
            content.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def listed(path: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as content:
        return content.infolist()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where to unpack; nothing may be there, or half there, afterwards."""
    yield tmp_path / "out" / "images"
    assert not list((tmp_path / "out").glob("*"))


def test_a_bomb_by_its_ratio(tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.tif": bytes(100_000_000)})
    assert path.stat().st_size < 200_000
    with pytest.raises(UnusableArchiveError, match=r"a\.zip: its 97,\d+ bytes would unpack to 100,000,000"):
        unzip(path, folder)


def test_a_bomb_of_many_entries_that_are_no_bombs_each(tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {f"{number}.tif": bytes(1_000_000) for number in range(80)})
    with pytest.raises(UnusableArchiveError, match=r"bytes would unpack to 80,000,000"):
        unzip(path, folder)


@pytest.mark.parametrize("declared", [2**32 - 2, 10**9])
def test_a_declared_size_that_is_too_large(declared: int, tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.tif": b"little"})
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\1\2")
    data[directory + 24 : directory + 28] = struct.pack("<I", declared)
    path.write_bytes(data)
    with pytest.raises(UnusableArchiveError, match=rf"would unpack to {declared:,}"):
        unzip(path, folder)


def test_a_declared_size_that_is_too_small_unpacks_no_more_than_that(tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.tif": bytes(50_000_000)})
    data = bytearray(path.read_bytes())
    for header, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        start = data.index(header) + place
        data[start : start + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    with pytest.raises(UnusableArchiveError, match="cannot be unpacked"):
        unzip(path, folder)


def test_too_many_entries(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST_ENTRIES", 100)
    enough = archive(tmp_path / "a.zip", dict.fromkeys(map(str, range(100)), b""))
    assert len(require_safe(listed(enough), enough)) == 100
    path = archive(tmp_path / "b.zip", dict.fromkeys(map(str, range(101)), b""))
    with pytest.raises(UnusableArchiveError, match="it has 101 entries, more than 100"):
        unzip(path, folder)


def test_entries_that_share_their_bytes(tmp_path: Path, folder: Path) -> None:
    """Many entries of the directory point at one piece of data."""
    path = archive(tmp_path / "a.zip", {"a.tif": b"A" * 500, "b.tif": b"B" * 500})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\1\2")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(data)
    with pytest.raises(UnusableArchiveError, match=r"entries 'a\.tif' and 'b\.tif' overlap"):
        unzip(path, folder)


def test_an_entry_within_another_ones_data(tmp_path: Path, folder: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"b.tif": b"B"}).read_bytes()
    path = archive(tmp_path / "a.zip", {"a.tif": b"A", "b.tif": b"B"})
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 20 : first + 24] = struct.pack("<I", len(inner))
    path.write_bytes(data)
    with pytest.raises(UnusableArchiveError, match="overlap"):
        unzip(path, folder)


@pytest.mark.parametrize(
    ("count", "stored", "unpacked"),
    [(5_239, 250_000, 260_000), (20_000, 300_000, 2_000_000), (200_000, 20_000, 1_000_000)],
)
def test_usual_sizes_pass(count: int, stored: int, unpacked: int, tmp_path: Path) -> None:
    """LIVECell's images.zip, an archive of the challenge of 6 GB, and 100,000 images with label images."""
    usual = [zipfile.ZipInfo(f"01/t{number:06}.tif") for number in range(count)]
    for number, entry in enumerate(usual):
        entry.file_size, entry.compress_size = unpacked, stored
        entry.header_offset = number * (stored + 100)
    with (tmp_path / "a.zip").open("wb") as file:
        file.truncate(count * (stored + 200))
    assert require_safe(usual, tmp_path / "a.zip") == usual


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a/" * 600 + "a.tif", "has too long a name"),
        ("a" * 252 + ".tif", "has too long a name"),
        ("ä" * 126 + ".tif", "has too long a name"),
        (".", "has no name"),
        ("./", "has no name"),
        ("a/../../b", "would leave the folder"),
        ("a\\..\\..\\b", "would leave the folder"),
        ("/", "would leave the folder"),
        ("\\b", "would leave the folder"),
        ("d:b", "would leave the folder"),
    ],
)
def test_names_that_do_harm(name: str, fault: str, tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {"good.tif": b"good", name: b"evil"})
    with pytest.raises(
        UnusableArchiveError, match=rf"a\.zip: entry .* {fault}\. The archive is not to be trust"
    ):
        unzip(path, folder)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.tif", "./a.tif"])
def test_two_entries_of_one_name(second: str, tmp_path: Path, folder: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as content:
        content.writestr("a.tif", "first")
        content.writestr(second, "second")
    with pytest.raises(UnusableArchiveError, match=r"entry 'a\.tif' is there 2 times"):
        unzip(tmp_path / "a.zip", folder)


@pytest.mark.parametrize("names", [("a", "a/b.tif"), ("a/b.tif", "a")])
def test_a_file_and_a_folder_of_one_name(names: tuple[str, str], tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", dict.fromkeys(names, b"A"))
    with pytest.raises(UnusableArchiveError, match=r"a\.zip cannot be unpacked"):
        unzip(path, folder)


def test_names_that_differ_in_case(tmp_path: Path) -> None:
    (tmp_path / "probe").touch()
    if (tmp_path / "PROBE").exists():
        pytest.skip("this disk takes them for one name: see the next test")
    unzip(archive(tmp_path / "a.zip", {"A.tif": b"upper", "a.tif": b"lower"}), tmp_path / "images")
    found = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    assert found == {"A.tif": b"upper", "a.tif": b"lower"}


def test_names_that_this_disk_takes_for_one(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "a.zip", {"A.tif": b"upper", "a.tif": b"lower"})
    monkeypatch.setattr(Path, "exists", lambda path: any(path.parent.glob("*.tif")))
    with pytest.raises(UnusableArchiveError, match="two entries have one name on this disk"):
        unzip(path, folder)


def test_backslashes_of_old_windows_programs_are_folders(tmp_path: Path) -> None:
    unzip(archive(tmp_path / "a.zip", {"01\\t000.tif": b"A", "01_GT\\SEG\\m.tif": b"B"}), tmp_path / "data")
    assert (tmp_path / "data/01/t000.tif").read_bytes() == b"A"
    assert (tmp_path / "data/01_GT/SEG/m.tif").read_bytes() == b"B"


def test_what_the_finder_of_macs_adds_stays_outside(tmp_path: Path) -> None:
    names = {"images/a.tif": b"A", "__MACOSX/images/._a.tif": b"attributes"}
    unzip(archive(tmp_path / "a.zip", names), tmp_path / "images")
    assert [path.name for path in (tmp_path / "images").rglob("*")] == ["a.tif"]


def test_an_archive_within_an_archive_stays_one(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"a.tif": bytes(1000)}).read_bytes()
    unzip(archive(tmp_path / "a.zip", {"inner.zip": inner}), tmp_path / "data")
    assert (tmp_path / "data/inner.zip").read_bytes() == inner


def test_a_name_that_is_no_unicode(tmp_path: Path, folder: Path) -> None:
    path = archive(tmp_path / "a.zip", {"ä.tif": b"A"})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xfe"))
    with pytest.raises(UnusableArchiveError, match=r"a\.zip cannot be unpacked"):
        unzip(path, folder)


def test_a_compression_that_is_not_known(tmp_path: Path, folder: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as content:
        content.writestr("a.tif", b"A")
    changed = bytearray(data.getvalue())
    for header, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        changed[changed.index(header) + place] = 9  # Deflate64, of Windows above 2 GB
    (tmp_path / "a.zip").write_bytes(changed)
    with pytest.raises(UnusableArchiveError, match="another program and give the folder"):
        unzip(tmp_path / "a.zip", folder)
