"""Recordings of one's own, from their names to the cleaned splits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from own_coco import Own
from scipy.ndimage import gaussian_filter

from monolayer.annotations.coco import SPLITS, Coco, group_of, place_in_time, read_coco
from monolayer.annotations.sampling import SampleSettings, sample_split
from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets import labels
from monolayer.errors import InputError
from monolayer.images.files import write_png, write_tiff

ALONE = ComputeSettings(jobs=1)
FRAMES = 20


def write_recordings(folder: Path, recordings: int = 3) -> None:
    """Frames that differ by a little noise, of cells that hardly move, one recording after the other."""
    rows, columns = np.indices((96, 120))
    for recording in range(recordings):
        rng = default_rng(recording)
        still = gaussian_filter(rng.normal(0, 40, rows.shape), 2) + 120
        centres = rng.integers(15, 80, (6, 2))
        for frame in range(FRAMES):
            drawn = np.zeros(rows.shape, np.uint16)
            for number, (row, column) in enumerate(centres, start=1):
                drawn[np.hypot(rows - row, columns - column - frame // 10) < 8] = number
            texture = default_rng(recording).normal(0, 30, rows.shape) * (drawn > 0)
            image = still + texture + rng.normal(0, 1, rows.shape)
            write_png(folder / f"m{recording}_t{frame}.png", np.clip(image, 0, 255).astype(np.uint8))
            write_tiff(folder / f"m{recording}_t{frame}_masks.tif", drawn)


def cleaned(root: Path) -> dict[str, Coco]:
    for split in SPLITS:
        name = f"{split}.json"
        sample_split(root / "raw/annotations" / name, root / "sampled" / name, SampleSettings())
    metrics = root / "cleaning.json"
    settings = CleaningSettings(incomplete_annotation=False)
    clean_splits(root / "sampled", root / "raw/images", root / "clean", metrics, settings, ALONE)
    return {split: read_coco(root / "clean" / f"{split}.json") for split in SPLITS}


def download_labels(root: Path, **others: Any) -> None:
    values = {"source": "labels", "images": str(root / "images")} | others
    labels.download(labels.Settings.model_validate(values), root / "raw", root / "scratch", ALONE)


@pytest.fixture
def movies(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    write_recordings(tmp_path / "images")
    return tmp_path


def test_frames_of_a_recording_are_no_copies_of_each_other(movies: Path) -> None:
    download_labels(movies, sequence="(m[0-9]+)_t([0-9]+)")
    splits = cleaned(movies)
    assert {split: len(coco.images) for split, coco in splits.items()} == dict.fromkeys(SPLITS, FRAMES)
    for coco in splits.values():
        assert {image.sequence for image in coco.images} == {coco.images[0].file_name.split("_")[0]}
        assert {(image.group, group_of(image)) for image in coco.images} == {("", coco.images[0].sequence)}
        assert sorted(place_in_time(image).frame for image in coco.images) == list(range(FRAMES))


def test_without_being_told_they_are(movies: Path) -> None:
    download_labels(movies)
    with pytest.raises(InputError, match="split train has no image left after the cleaning"):
        cleaned(movies)


def test_a_recording_may_be_divided_by_another_group(movies: Path) -> None:
    download_labels(movies, sequence="(m[0-9]+)_t([0-9]+)", group="_t[0-9]")
    splits = cleaned(movies)
    assert sum(len(coco.images) for coco in splits.values()) == 3 * FRAMES
    assert any(len({image.sequence for image in coco.images}) > 1 for coco in splits.values())


def test_recordings_and_groups_by_columns(movies: Path) -> None:
    rows = [
        f"m{recording}_t{frame}.png,BV2,movie {recording},{frame + 7},well {recording}"
        for recording in range(3)
        for frame in range(FRAMES)
    ]
    (movies / "table.csv").write_text("\n".join(["file,cell_type,movie,frame,well", *rows]))
    download_labels(movies, sequence="movie", group="well", table=str(movies / "table.csv"))
    for split in SPLITS:
        images = read_coco(movies / "raw/annotations" / f"{split}.json").images
        assert sorted(image.frame for image in images) == list(range(7, 7 + FRAMES))
        assert len({image.sequence for image in images}) == 1
        assert all(image.group == image.sequence.replace("movie", "well") for image in images)
        assert {group_of(image) for image in images} == {images[0].group}


def test_recordings_in_a_coco_file(own: Own) -> None:
    for image in own.file["images"]:
        image["file_name"] = f"m{image['id'] // 3}_t{image['id'] % 3}.png"
        (own.root / "images" / f"{image['id']}.png").rename(own.root / "images" / image["file_name"])
    raw = own.download(sequence="(?P<sequence>m[0-9])_t(?P<frame>[0-9])")
    seen: list[str] = []
    for split in SPLITS:
        images = read_coco(raw / "annotations" / f"{split}.json").images
        assert images
        assert all(image.file_name == f"{image.sequence}_t{image.frame}.png" for image in images)
        seen += {image.sequence for image in images}
    assert sorted(seen) == ["m0", "m1", "m2", "m3"]


def test_groups_in_a_coco_file(own: Own) -> None:
    raw = own.download(group="^([0-9]+)")
    for split in SPLITS:
        images = read_coco(raw / "annotations" / f"{split}.json").images
        assert [image.group for image in images] == [Path(image.file_name).stem for image in images]


def test_groups_in_a_coco_file_that_are_too_few(own: Own) -> None:
    with pytest.raises(InputError, match=r"1 groups \(\.png\) are too few .*: correct `group` or `sequence`"):
        own.download(group="[.]png")


def test_an_expression_that_is_none(own: Own) -> None:
    with pytest.raises(ValueError, match=r"'\(a' is no regular expression"):
        own.settings(group="(a")


def test_an_earlier_division_is_kept(own: Own) -> None:
    first = own.download(seed=3)
    (own.root / "earlier").mkdir()
    before = {}
    for split in SPLITS:
        text = (first / "annotations" / f"{split}.json").read_text()
        (own.root / "earlier" / f"{split}.json").write_text(text)
        before |= {image["file_name"]: split for image in json.loads(text)["images"]}
    again = own.download(seed=4, keep_splits=str(own.root / "earlier"))
    after = {
        image.file_name: split
        for split in SPLITS
        for image in read_coco(again / "annotations" / f"{split}.json").images
    }
    assert after == before


def test_an_earlier_division_that_is_none(own: Own) -> None:
    with pytest.raises(InputError, match=r"keep_splits: .*nowhere/train\.json cannot be read"):
        own.download(keep_splits=str(own.root / "nowhere"))
