"""LIVECell's files from a server and from folders, on a tiny stand-in laid out like the official one."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from file_server import Answer, FileServer

from monolayer.annotations.coco import SPLITS, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.livecell import Settings, annotation_files, download
from monolayer.download import disk
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_tiff
from monolayer.images.folder import ImageFolder

MINI = Path(__file__).resolve().parents[2] / ".." / "shared" / "livecell-mini"
FOLDERS = {
    "train": "livecell_train_val_images",
    "val": "livecell_train_val_images",
    "test": "livecell_test_images",
}
NAMES = {split: f"A172_Phase_A{number}_1_00d00h00m_1.tif" for number, split in enumerate(SPLITS, 1)}
TRIANGLE = [[1.0, 1.0, 9.0, 1.0, 9.0, 9.0]]


def coco_text(split: str, as_dict: bool = False) -> str:
    image = {"id": 7, "file_name": NAMES[split], "width": 12, "height": 10, "original_filename": "x.png"}
    cell = {"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "area": 32.0, "bbox": [1, 1, 8, 8]}
    cell["segmentation"] = TRIANGLE
    return json.dumps({"info": {}, "images": [image], "annotations": {"1": cell} if as_dict else [cell]})


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder laid out like the official server, with unpacked images and one cell type's files."""
    root = tmp_path / "official"
    for split in SPLITS:
        image = root / "images" / FOLDERS[split] / NAMES[split]
        image.parent.mkdir(parents=True, exist_ok=True)
        write_tiff(image, np.full((10, 12), len(split), np.uint8), compression="lzw")
        for choice in ("full", "a172", "train4percent"):
            path = root / annotation_files(choice)[split]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(coco_text(split, as_dict=choice == "a172"))
    return root


def zipped(official: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in sorted((official / "images").rglob("*.tif")):
            archive.write(path, path.relative_to(official))
    return data.getvalue()


@pytest.fixture
def base_url(official: Path, file_server: FileServer) -> str:
    """The same from a server, with the images in a zip."""
    for path in official.rglob("*.json"):
        file_server.files[f"/LIVECell/{path.relative_to(official).as_posix()}"] = path.read_bytes()
    file_server.files["/LIVECell/images.zip"] = zipped(official)
    return f"{file_server.url}/LIVECell/"


def settings(base_url: str | Path, **others: Any) -> Settings:
    return Settings(source="livecell", base_url=str(base_url), **others)


def bring(settings: Settings, root: Path, raw: str = "raw") -> None:
    download(settings, root / raw, root / "scratch", ComputeSettings(jobs=1))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def assert_complete(raw: Path) -> None:
    images = ImageFolder(raw / "images")
    for split in SPLITS:
        coco = read_coco(raw / "annotations" / f"{split}.json")
        assert [image.file_name for image in coco.images] == [NAMES[split]]
        assert [annotation.image_id for annotation in coco.annotations] == [7]
        path = images.path(NAMES[split], split)
        assert path.relative_to(raw).as_posix() == f"images/{FOLDERS[split]}/{NAMES[split]}"
        assert read_image(path, coco.images[0])[0, 0] == len(split)


def test_official_file_names() -> None:
    assert annotation_files("full")["test"] == "annotations/LIVECell/livecell_coco_test.json"
    assert annotation_files("skov3")["train"] == "annotations/LIVECell_single_cells/skov3/train.json"
    fraction = annotation_files("train50percent")
    assert fraction["train"] == "annotations/LIVECell_dataset_size_split/4_train50percent.json"
    assert fraction["val"] == annotation_files("full")["val"]


@pytest.mark.parametrize("choice", ["full", "a172", "train4percent"])
def test_from_a_server(choice: str, base_url: str, file_server: FileServer, tmp_path: Path) -> None:
    bring(settings(base_url, annotations=choice), tmp_path)
    assert_complete(tmp_path / "raw")
    assert len(file_server.requests) == 4
    described = json.loads((tmp_path / "raw" / "dataset.json").read_text())
    zip_digest = hashlib.sha256(file_server.files["/LIVECell/images.zip"]).hexdigest()
    assert {"file": "images.zip", "sha256": zip_digest}.items() <= described["files"][-1].items()


def test_a_second_run_fetches_nothing_and_writes_the_same(
    base_url: str, file_server: FileServer, tmp_path: Path
) -> None:
    bring(settings(base_url), tmp_path)
    file_server.requests.clear()
    bring(settings(base_url), tmp_path, "again")
    assert file_server.requests == []
    assert contents(tmp_path / "again") == contents(tmp_path / "raw")


def test_the_slash_at_the_end_of_the_url_may_be_missing(base_url: str, tmp_path: Path) -> None:
    bring(settings(base_url.rstrip("/")), tmp_path)
    assert_complete(tmp_path / "raw")


@pytest.mark.parametrize(
    "form", ["folder", "file://", "zip in the folder", "flat", "one folder per cell type"]
)
def test_from_a_folder(form: str, official: Path, tmp_path: Path) -> None:
    images = official / "images"
    if form == "zip in the folder":
        (official / "images.zip").write_bytes(zipped(official))
        images.rename(tmp_path / "elsewhere")
    elif form in ("flat", "one folder per cell type"):
        for path in list(images.rglob("*.tif")):
            target = images / ("" if form == "flat" else "A172") / path.name
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
    before = contents(official)
    where = official.as_uri() if form == "file://" else str(official)
    bring(settings(where), tmp_path)
    for split in SPLITS:
        path = ImageFolder(tmp_path / "raw" / "images").path(NAMES[split], split)
        assert read_image(path)[0, 0] == len(split)
        assert path.stat().st_nlink == 1
    assert contents(official) == before
    assert not (tmp_path / "scratch").exists()


def test_read_only_originals_give_writable_copies(official: Path, tmp_path: Path) -> None:
    for path in official.rglob("*.tif"):
        path.chmod(0o444)
    bring(settings(official), tmp_path)
    assert all(path.stat().st_mode & 0o200 for path in (tmp_path / "raw").rglob("*.tif"))


def test_what_an_earlier_run_left_is_replaced(base_url: str, tmp_path: Path) -> None:
    (tmp_path / "raw" / "images" / "old").mkdir(parents=True)
    bring(settings(base_url), tmp_path)
    assert_complete(tmp_path / "raw")
    assert not (tmp_path / "raw" / "images" / "old").exists()


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


@pytest.mark.skipif(not MINI.is_dir(), reason="needs livecell-mini in shared/ beside the repository")
def test_real_images(tmp_path: Path) -> None:
    bring(settings(MINI), tmp_path)
    images = ImageFolder(tmp_path / "raw" / "images")
    counts = {}
    for split in SPLITS:
        coco = read_coco(tmp_path / "raw" / "annotations" / f"{split}.json")
        counts[split] = len(coco.images)
        for image in coco.images:
            assert read_image(images.path(image.file_name, split), image).shape == (520, 704)
    assert counts == {"train": 6, "val": 2, "test": 4}
