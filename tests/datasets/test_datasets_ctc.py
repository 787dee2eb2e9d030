"""Data sets of the Cell Tracking Challenge, from folders, archives and a server."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from ctc_movie import RADIUS, Movie
from file_server import Answer, FileServer
from numpy.testing import assert_array_equal

from monolayer.annotations.coco import SPLITS, Coco, annotations_by_image, place_in_time, read_coco
from monolayer.annotations.rasterise import cell_runs, painted
from monolayer.datasets.ctc import uncovered_markers
from monolayer.errors import InputError
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder


@pytest.fixture
def movie(tmp_path: Path) -> Movie:
    return Movie(tmp_path / "given").write(gold=[0, 1, 3])


def splits_of(raw: Path) -> dict[str, Coco]:
    return {split: read_coco(raw / "annotations" / f"{split}.json") for split in SPLITS}


def names(coco: Coco) -> list[str]:
    return [image.file_name for image in coco.images]


def truths(coco: Coco) -> list[str]:
    return [image.truth for image in coco.images]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_frames_stand_in_their_sequence_and_in_time(movie: Movie, tmp_path: Path) -> None:
    test = splits_of(movie.download(tmp_path / "raw"))["test"]
    assert names(test) == [f"02/t{number:03}.tif" for number in range(5)]
    assert {image.cell_type for image in test.images} == {"Disc-C2DL-Test"}
    assert [place_in_time(image) for image in test.images] == [("Disc-C2DL-Test/02", n) for n in range(5)]


def test_val_is_the_end_of_the_training_sequences(movie: Movie, tmp_path: Path) -> None:
    splits = splits_of(movie.download(tmp_path / "raw", val_fraction=0.4))
    assert names(splits["train"]) == ["01/t000.tif", "01/t001.tif", "01/t002.tif"]
    assert names(splits["val"]) == ["01/t003.tif", "01/t004.tif"]


def test_sequences_are_split_as_they_are_listed(movie: Movie, tmp_path: Path) -> None:
    for frame in range(2):
        movie.write_image("03", frame)
        movie.write_labels("03_ST/SEG/man_seg", frame, movie.labels("03", frame))
    listed = {"train": ["03"], "val": ["02"], "test": ["01"]}
    splits = splits_of(movie.download(tmp_path / "raw", sequences=listed))
    assert {split: {name[:2] for name in names(coco)} for split, coco in splits.items()} == {
        "train": {"03"}, "val": {"02"}, "test": {"01"},
    }  # fmt: skip


def test_images_are_the_frames(movie: Movie, tmp_path: Path) -> None:
    raw = movie.download(tmp_path / "raw")
    images = ImageFolder(raw / "images")
    for split, coco in splits_of(raw).items():
        for image in coco.images:
            given = read_image(movie.root / image.file_name)
            assert_array_equal(read_image(images.path(image.file_name, split), image), given)


def test_cells_are_the_labels(movie: Movie, tmp_path: Path) -> None:
    test = splits_of(movie.download(tmp_path / "raw"))["test"]
    groups = annotations_by_image(test)
    for image in test.images:
        cells = [cell.segmentation for cell in groups[image.id]]
        drawn = painted(cell_runs(cells, image.height, image.width), image.height, image.width)
        assert_array_equal(drawn, movie.labels("02", image.frame))


def test_silver_frames_are_complete_where_there_are_some(movie: Movie, tmp_path: Path) -> None:
    movie.path("02_ST/SEG/man_seg", 2).unlink()
    test = splits_of(movie.download(tmp_path / "raw"))["test"]
    assert truths(test) == ["complete", "complete", "none", "complete", "complete"]


def test_gold_frames_are_partial_where_a_marker_has_no_cell(movie: Movie, tmp_path: Path) -> None:
    movie.keep_cells("02", 1, 1, 3)
    movie.keep_cells("02", 3)
    test = splits_of(movie.download(tmp_path / "raw", truth="gold"))["test"]
    assert truths(test) == ["complete", "partial", "none", "none", "none"]
    assert [len(cells) for cells in annotations_by_image(test).values()] == [3, 2, 0, 0, 0]


def test_gold_frames_without_markers_are_complete(movie: Movie, tmp_path: Path) -> None:
    movie.keep_cells("02", 1, 1)
    movie.path("02_GT/TRA/man_track", 1).unlink()
    test = splits_of(movie.download(tmp_path / "raw", truth="gold"))["test"]
    assert truths(test) == ["complete", "complete", "none", "complete", "none"]


@pytest.mark.parametrize(("covered", "missed"), [(0, 2), (1, 2), (2, 1), (5, 1), (6, 0)])
def test_a_cell_covers_a_marker_by_more_than_half(covered: int, missed: int) -> None:
    markers = np.array([[8, 8, 0, 2, 2, 2, 2]])
    assert uncovered_markers(9 * (np.arange(7) < covered)[None], markers) == missed


def test_where_there_are_no_markers_none_is_missed() -> None:
    nothing = np.zeros((2, 3), np.uint16)
    assert uncovered_markers(nothing, nothing) == 0


def test_four_digits_and_other_first_frames(tmp_path: Path) -> None:
    movie = Movie(tmp_path / "given", digits=4).write()
    for sequence in ("01", "02"):
        movie.path(f"{sequence}/t", 0).unlink()
        movie.path(f"{sequence}_ST/SEG/man_seg", 0).unlink()
    test = splits_of(movie.download(tmp_path / "raw"))["test"]
    assert names(test) == [f"02/t{number:04}.tif" for number in range(1, 5)]


def test_the_folder_above_will_do(movie: Movie, tmp_path: Path) -> None:
    expected = splits_of(movie.download(tmp_path / "raw"))
    assert splits_of(movie.download(tmp_path / "again", data=str(movie.root.parent))) == expected


def test_from_an_archive(movie: Movie, tmp_path: Path) -> None:
    (tmp_path / "renamed.zip").write_bytes(movie.zipped())
    expected = splits_of(movie.download(tmp_path / "raw"))
    raw = movie.download(tmp_path / "again", tmp_path / "scratch", data=str(tmp_path / "renamed.zip"))
    assert splits_of(raw) == expected
    assert list((tmp_path / "scratch").iterdir()) == []
    digest = hashlib.sha256(movie.zipped()).hexdigest()
    (file,) = json.loads((raw / "dataset.json").read_text())["files"]
    assert (file["file"], file["sha256"]) == ("renamed.zip", digest)


@pytest.fixture
def url(movie: Movie, file_server: FileServer) -> str:
    file_server.files["/training-datasets/Disc-C2DL-Test.zip"] = movie.zipped()
    return f"{file_server.url}/training-datasets/Disc-C2DL-Test.zip"


def test_from_a_server_once(movie: Movie, url: str, file_server: FileServer, tmp_path: Path) -> None:
    digest = hashlib.sha256(movie.zipped()).hexdigest()
    first = movie.download(tmp_path / "raw", tmp_path / "scratch", data=url, sha256=digest)
    assert len(file_server.requests) == 1
    again = movie.download(tmp_path / "again", tmp_path / "scratch", data=url, sha256=digest)
    assert len(file_server.requests) == 1
    assert contents(again) == contents(first)
    assert splits_of(first) == splits_of(movie.download(tmp_path / "local"))


def test_goes_on_where_the_connection_dropped(
    movie: Movie, url: str, file_server: FileServer, tmp_path: Path
) -> None:
    (path,) = file_server.files
    file_server.files[path] = bytes(400_000) + movie.zipped()  # what comes before an archive is skipped
    file_server.script = [Answer(drop_after=300_000)]
    raw = movie.download(tmp_path / "raw", tmp_path / "scratch", data=url)
    (_, first), (_, second) = file_server.requests
    assert (first, second.split("=")[0]) == (None, "bytes")
    assert len(splits_of(raw)["test"].images) == 5


def test_a_damaged_archive_is_fetched_again(
    movie: Movie, url: str, file_server: FileServer, tmp_path: Path
) -> None:
    (path,) = file_server.files
    file_server.files[path] = movie.zipped()[:3000]
    with pytest.raises(InputError, match=r"cannot be unpacked.*Test\.zip was removed: run the stage again"):
        movie.download(tmp_path / "raw", tmp_path / "scratch", data=url)
    file_server.files[path] = movie.zipped()
    movie.download(tmp_path / "raw", tmp_path / "scratch", data=url)


def test_discs_are_whole(movie: Movie) -> None:
    areas = np.bincount(movie.labels("02", 4).ravel())[1:]
    assert (abs(areas - np.pi * RADIUS**2) < 10).all()
