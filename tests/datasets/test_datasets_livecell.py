"""LIVECell's files from a server and from folders, on a tiny stand-in laid out like the official one."""

import hashlib
import json
from pathlib import Path

import pytest
from file_server import FileServer
from tiny_livecell import NAMES, assert_complete, bring, contents, settings, zipped

from monolayer.annotations.coco import SPLITS, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.livecell import Settings, annotation_files, download
from monolayer.errors import InputError
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder

MINI = Path(__file__).resolve().parents[2] / ".." / "shared" / "livecell-mini"


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


@pytest.mark.parametrize("raw", [".", "images", "annotations", ".."])
def test_a_source_is_never_written_over(raw: str, official: Path, tmp_path: Path) -> None:
    before = contents(official)
    with pytest.raises(InputError, match=r"official (lies in|holds) .*, which is"):
        download(settings(official), official / raw, tmp_path / "scratch", ComputeSettings(jobs=1))
    assert contents(official) == before


def test_the_official_server_is_asked_by_https() -> None:
    assert Settings(source="livecell").base_url.startswith("https://livecell-dataset.s3.eu-central-1.")


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
