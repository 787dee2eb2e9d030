"""Data by any name: what is not the stage's own stays, whatever a location is called."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ctc_movie import Movie
from file_server import FileServer

from monolayer.datasets import _known_digests
from monolayer.datasets._archived import opened
from monolayer.datasets._known_digests import known_sha256
from monolayer.datasets._settings import LOCATIONS, read_dataset, require_outside
from monolayer.errors import InputError
from monolayer.parameters import read_parameters

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "832fed2d05bb7488cf9c51a2994b75f8f3f53b3c3098856211f2d39023c34e1a"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The stage's scratch folder in a project, with things of the user's around and in it."""
    scratch = tmp_path / "project" / ".scratch" / "download"
    scratch.mkdir(parents=True)
    for place in (scratch, scratch.parent, scratch.parent.parent):
        (place / "precious.txt").write_text("mine")
    return scratch


def precious(scratch: Path) -> int:
    return len(list(scratch.parents[1].rglob("precious.txt")))


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as content:
        content.writestr("01/t000.tif", b"A")
    return data.getvalue()


@pytest.mark.parametrize(
    "name",
    ["/", "", "/..", "/.", "/...", "/..zip", "/...zip", "/a/../", "/a/..", "/?name=a.zip", "/ ", "/. .zip"],
)
def test_a_url_without_a_file_name(name: str, file_server: FileServer, scratch: Path) -> None:
    file_server.files = dict.fromkeys([name, "/", "/..", "/a/.."], archive())
    with (
        pytest.raises(
            InputError, match=r"^data: 'http://.*' names no file: give a folder, a zip archive, or"
        ),
        opened(file_server.url + name, None, scratch),
    ):
        pytest.fail("opened")
    assert file_server.requests == []
    assert precious(scratch) == 3


@pytest.mark.parametrize(
    "data", ["", " ", "\n", "nowhere", "nowhere/..", "ftp://host/a.zip", "s3://bucket/a.zip"]
)
def test_no_data(data: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(scratch.parents[1])
    with (
        pytest.raises(InputError, match=r"(?s)^data: .*(names no file|not found): "),
        opened(data, None, scratch),
    ):
        pytest.fail("opened")
    assert precious(scratch) == 3


@pytest.mark.parametrize("name", ["..zip", "...zip"])
def test_a_file_whose_name_is_but_dots(name: str, scratch: Path) -> None:
    path = scratch.parents[1] / name
    path.write_bytes(archive())
    with pytest.raises(InputError, match="names no file"), opened(str(path), None, scratch):
        pytest.fail("opened")
    assert precious(scratch) == 3


@pytest.mark.parametrize(
    "name",
    [
        ".zip",
        "a.zip",
        "precious.txt",
        "images",
        "..a.zip",
        "%2e%2e.zip",
        "%2e%2e%2fa.zip",
        "a;b.zip",
        "ä.zip",
    ],
)
def test_any_other_name(name: str, file_server: FileServer, scratch: Path) -> None:
    asked = ("/%C3%A4.zip", "/...zip", "/..%2Fa.zip")  # as requests spells them
    file_server.files = dict.fromkeys((f"/{name}", *asked), archive())
    with opened(f"{file_server.url}/{name}", None, scratch) as (folder, files):
        assert (folder / "01/t000.tif").read_bytes() == b"A"
        assert scratch in folder.parents
        assert [file.file for file in files] == [name]
    assert not folder.exists()
    assert precious(scratch) == 3
    assert len(list(scratch.iterdir())) == 3  # what is the user's, the archive, and its note


def test_a_folder_of_the_users_in_scratch_stays(scratch: Path) -> None:
    """What was unpacked used to lie in a folder of the archive's name."""
    (scratch / "a").mkdir()
    (scratch / "a" / "precious.txt").write_text("mine")
    path = scratch.parents[1] / "a.zip"
    path.write_bytes(archive())
    with opened(str(path), None, scratch) as (folder, _):
        assert folder.name == "a"
    assert precious(scratch) == 4
    assert path.exists()


def test_a_damaged_archive_of_the_users_stays_wherever_it_lies(scratch: Path) -> None:
    path = scratch / "a.zip"
    path.write_bytes(archive()[:-30])
    with pytest.raises(InputError, match="cannot be unpacked"), opened(str(path), None, scratch):
        pytest.fail("opened")
    assert path.exists()


def test_what_a_killed_run_left_unpacked_goes(scratch: Path) -> None:
    path = scratch.parents[1] / "a.zip"
    path.write_bytes(archive())
    with opened(str(path), None, scratch) as (folder, _):
        left = folder.parent
    (left / "a").mkdir(parents=True)
    (left / "a" / "half.tif").touch()
    with opened(str(path), None, scratch) as (folder, _):
        assert [item.name for item in folder.rglob("*.tif")] == ["t000.tif"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_digest_of_an_official_archive_is_known(scheme: str) -> None:
    url = f"{scheme}://data.celltrackingchallenge.net/training-datasets/DIC-C2DH-HeLa.zip"
    assert known_sha256(url) == DIGEST
    assert known_sha256(url.replace("DIC", "PIC")) is None


def test_the_committed_entry_is_an_archive_whose_digest_is_known() -> None:
    assert known_sha256(read_parameters(ROOT / "params.yaml")["datasets"]["ctc"]["data"]) == DIGEST


def test_a_known_digest_is_checked_and_the_users_own_goes_before_it(
    tmp_path: Path, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = Movie(tmp_path).write()
    file_server.files["/Disc.zip"] = movie.zipped()
    url = f"{file_server.url}/Disc.zip"
    monkeypatch.setitem(_known_digests._KNOWN, url.partition("://")[2], DIGEST)
    with pytest.raises(
        InputError, match=rf"Disc\.zip has SHA-256 (\w+), but {DIGEST} was expected"
    ) as caught:
        movie.download(tmp_path / "raw", tmp_path / "scratch", data=url)
    own = str(caught.value).split("SHA-256 ")[1][:64]
    raw = movie.download(tmp_path / "raw", tmp_path / "scratch", data=url, sha256=own)
    assert json.loads((raw / "dataset.json").read_text())["files"][0]["sha256"] == own


ENTRIES: dict[str, dict[str, Any]] = {
    "base_url": {"source": "livecell"},
    "data": {"source": "ctc"},
    "images": {"source": "coco", "annotations": "a.json"},
    "labels": {"source": "labels", "images": "i"},
    "annotations": {"source": "coco", "images": "i"},
    "table": {"source": "labels", "images": "i"},
}


@pytest.mark.parametrize("value", ["", " ", "\t"])
@pytest.mark.parametrize("name", LOCATIONS)
def test_an_empty_location_is_not_the_working_folder(name: str, value: str) -> None:
    values = ENTRIES[name] | {name: value}
    with pytest.raises(InputError, match=rf"datasets\.it\.{name}: Value error, names nothing: give a folder"):
        read_dataset({"datasets": {"it": values}}, "it")


def test_an_empty_location_of_one_split() -> None:
    values = ENTRIES["annotations"] | {"annotations": {"train": "a.json", "val": "", "test": "c.json"}}
    with pytest.raises(InputError, match="names nothing"):
        read_dataset({"datasets": {"it": values}}, "it")


@pytest.mark.parametrize("name", LOCATIONS)
@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("data/raw", "lies in"),
        ("data/raw/mine", "lies in"),
        ("data/../data/raw/mine.zip", "lies in"),
        ("link/mine", "lies in"),
        ("data", "holds"),
        (".", "holds"),
        ("..", "holds"),
        ("/", "holds"),
    ],
)
def test_data_in_or_around_what_is_emptied(
    place: str, fault: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "link").symlink_to("data/raw")
    _, settings = read_dataset({"datasets": {"it": ENTRIES[name] | {name: place}}}, "it")
    with pytest.raises(InputError, match=rf"^it\.{name}: {place} {fault} .*data/raw, which is"):
        require_outside(settings, Path("data/raw"), "it")


def test_a_file_url_is_a_place_on_this_machine(tmp_path: Path) -> None:
    values = {"source": "livecell", "base_url": (tmp_path / "data" / "raw" / "copy").as_uri()}
    _, settings = read_dataset({"datasets": {"it": values}}, "it")
    with pytest.raises(InputError, match="lies in"):
        require_outside(settings, tmp_path / "data" / "raw", "it")


@pytest.mark.parametrize(
    "place", ["my-images", "data/mine", "data/raw-of-mine", "/elsewhere", "https://host/data/raw"]
)
def test_other_places_are_the_users_choice(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, settings = read_dataset({"datasets": {"it": ENTRIES["data"] | {"data": place}}}, "it")
    require_outside(settings, Path("data/raw"), "it")
