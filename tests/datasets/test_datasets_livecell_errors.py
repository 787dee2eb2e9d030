"""What may go wrong while LIVECell's files are brought, and what it leaves behind."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from file_server import Answer, FileServer
from tiny_livecell import assert_complete, bring, settings

from monolayer.datasets.livecell import annotation_files
from monolayer.download import disk
from monolayer.errors import InputError


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere is no folder\. Give http"):
        bring(settings(tmp_path / "nowhere"), tmp_path)


def test_folder_without_the_annotations(official: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bv2.test\.json not found: base_url must be laid out like"):
        bring(settings(official, annotations="bv2"), tmp_path)


def test_folder_without_images(official: Path, tmp_path: Path) -> None:
    (official / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"images\.zip not found"):
        bring(settings(official), tmp_path)


def test_server_without_the_file(base_url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bv2/test\.json: the server answered 404"):
        bring(settings(base_url, annotations="bv2"), tmp_path)


def test_digests_are_checked(base_url: str, official: Path, tmp_path: Path) -> None:
    name = annotation_files("full")["val"]
    right = hashlib.sha256((official / name).read_bytes()).hexdigest()
    bring(settings(base_url, sha256={name: right}), tmp_path)
    for where in (base_url, official):
        with pytest.raises(InputError, match="00ff was expected"):
            bring(settings(where, sha256={name: "00ff"}), tmp_path)


def test_digest_of_an_unknown_file(official: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"sha256: image\.zip is no file of LIVECell; its files: .*images\.zip"
    ):
        bring(settings(official, sha256={"image.zip": "00ff"}), tmp_path)


def test_truncated_json_of_a_server_is_removed_and_fetched_again(
    base_url: str, file_server: FileServer, tmp_path: Path
) -> None:
    name = "/LIVECell/" + annotation_files("full")["train"]
    whole = file_server.files[name]
    file_server.files[name] = whole[:-20]
    with pytest.raises(
        InputError, match=r"truncated.*livecell_coco_train\.json was removed: run the stage again"
    ):
        bring(settings(base_url), tmp_path)
    file_server.files[name] = whole
    file_server.requests.clear()
    bring(settings(base_url), tmp_path)
    assert_complete(tmp_path / "raw")
    assert name in [path for path, _ in file_server.requests]
    assert len(file_server.requests) == 2  # that file and the zip


def test_truncated_json_of_a_folder_stays(official: Path, tmp_path: Path) -> None:
    path = official / annotation_files("full")["train"]
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match=r"livecell_coco_train\.json .*truncated"):
        bring(settings(official), tmp_path)
    assert path.exists()


def test_corrupt_zip_is_removed_and_fetched_again(
    base_url: str, file_server: FileServer, tmp_path: Path
) -> None:
    whole = file_server.files["/LIVECell/images.zip"]
    file_server.files["/LIVECell/images.zip"] = whole[: len(whole) // 2]
    with pytest.raises(InputError, match=r"cannot be unpacked.*images\.zip was removed: run the stage again"):
        bring(settings(base_url), tmp_path)
    assert not (tmp_path / "raw" / "images").exists()
    file_server.files["/LIVECell/images.zip"] = whole
    bring(settings(base_url), tmp_path)
    assert_complete(tmp_path / "raw")


def test_without_room_to_unpack_the_download_is_kept(
    base_url: str, file_server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(settings(base_url), tmp_path)
    usage = disk.shutil.disk_usage(tmp_path)
    left = {"raw": 1 << 30, "images.part": 10}
    monkeypatch.setattr(
        disk.shutil, "disk_usage", lambda folder: usage._replace(free=left[Path(folder).name])
    )
    with pytest.raises(InputError, match=r"Unpacking .* has 10 bytes free"):
        bring(settings(base_url), tmp_path)
    monkeypatch.undo()
    file_server.requests.clear()
    bring(settings(base_url), tmp_path)
    assert file_server.requests == []


def test_no_room_for_a_copy(official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = disk.shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"Writing the annotations needs .* 0 bytes free"):
        bring(settings(official), tmp_path)


STAGE = """
import sys
from pathlib import Path
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.livecell import Settings, download
settings = Settings(source="livecell", base_url=sys.argv[1])
download(settings, Path(sys.argv[2]), Path(sys.argv[3]), ComputeSettings())
"""


def test_killed_in_the_middle(base_url: str, file_server: FileServer, tmp_path: Path) -> None:
    size = len(file_server.files["/LIVECell/images.zip"])
    file_server.script = [Answer(), Answer(), Answer(), Answer(bytes_per_second=size // 2)]
    scratch = tmp_path / "scratch"
    process = subprocess.Popen([sys.executable, "-c", STAGE, base_url, str(tmp_path / "raw"), str(scratch)])
    while not list(scratch.glob("*images.zip.part")):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    bring(settings(base_url), tmp_path)
    assert_complete(tmp_path / "raw")
    assert [path for path, _ in file_server.requests[4:]] == ["/LIVECell/images.zip"]
