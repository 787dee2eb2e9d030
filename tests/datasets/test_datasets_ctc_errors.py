"""Data sets of the Cell Tracking Challenge that cannot be used, and what is said of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from ctc_movie import HEIGHT, WIDTH, Movie

from monolayer.datasets._settings import selected_dataset
from monolayer.errors import InputError


@pytest.fixture
def movie(tmp_path: Path) -> Movie:
    return Movie(tmp_path / "given").write(gold=[0])


def refused(movie: Movie, message: str, **settings: object) -> None:
    with pytest.raises(InputError, match=message):
        movie.download(movie.root.parent.parent / "raw", **settings)


@pytest.mark.parametrize(
    ("asked", "gone", "message"),
    [
        ("gold", ["01_GT"], r"01_GT/SEG holds no man_seg000\.tif.*There is .*01_ST/SEG: set `truth: silver`"),
        ("silver", ["01_ST"], r"01_ST/SEG holds no man_seg000\.tif.*There is .*01_GT/SEG: set `truth: gold`"),
        ("silver", ["01_ST", "01_GT"], r"01_ST/SEG holds no .*There is no other truth of this sequence"),
    ],
)
def test_no_truth(movie: Movie, asked: str, gone: list[str], message: str) -> None:
    for name in gone:
        shutil.rmtree(movie.root / name)
    refused(movie, message, truth=asked)


def test_a_missing_frame(movie: Movie) -> None:
    movie.path("02/t", 2).unlink()
    refused(movie, r"02 has no frame 2, though it has t004\.tif: unpack the data set again")


def test_an_unknown_sequence(movie: Movie) -> None:
    sequences = {"train": ["01"], "val": ["3"], "test": ["02"]}
    refused(movie, r"sequences: .*Disc-C2DL-Test has no '3'; its sequences: 01, 02", sequences=sequences)


@pytest.mark.parametrize("plane", [np.full((HEIGHT, WIDTH), 0.5), np.full((HEIGHT, WIDTH), -1, np.int16)])
@pytest.mark.parametrize("place", ["01_GT/SEG/man_seg", "01_GT/TRA/man_track"])
def test_a_label_image_that_is_none(movie: Movie, place: str, plane: np.ndarray) -> None:
    tifffile.imwrite(movie.path(place, 0), plane)
    refused(movie, r"000\.tif holds (float64|int16) from .*labels are whole numbers.*unpack", truth="gold")


@pytest.mark.parametrize("place", ["01_GT/SEG/man_seg", "01_GT/TRA/man_track"])
def test_a_label_image_of_another_size(movie: Movie, place: str) -> None:
    movie.write_labels(place, 0, np.zeros((9, 9), np.uint16))
    refused(
        movie, r"000\.tif has shape \(9, 9\), its image \(48, 64\): unpack the data set again", truth="gold"
    )


def test_a_truth_without_its_frame(movie: Movie) -> None:
    movie.write_labels("02_ST/SEG/man_seg", 7, movie.labels("02", 7))
    refused(movie, r"02_ST/SEG/man_seg007\.tif is of frame 7, which .*02 does not have: add the frame, or")


def test_a_volume(movie: Movie) -> None:
    tifffile.imwrite(movie.path("01/t", 0), np.zeros((5, HEIGHT, WIDTH), np.uint8))
    refused(movie, r"t000\.tif holds 5 planes, not one: 5 pages of 64 x 48 pixels")


@pytest.mark.parametrize(("frames", "fraction", "empty"), [(2, 0.2, "val"), (2, 0.9, "train")])
def test_a_share_that_leaves_a_split_empty(tmp_path: Path, frames: int, fraction: float, empty: str) -> None:
    movie = Movie(tmp_path / "given", frames=frames).write()
    refused(
        movie, f"split {empty} is empty: .*too short for a val_fraction of {fraction}", val_fraction=fraction
    )


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ({"train": ["01"], "test": []}, r"sequences\.test: List should have at least 1 item"),
        ({"train": ["01"], "val": ["02"], "test": ["02"]}, "sequence '02' is listed twice"),
        ({"train": ["01", "01"], "test": ["02"]}, "sequence '01' is listed twice"),
        ({"train": ["01"], "tset": ["02"]}, r"sequences\.tset: unknown key; valid keys: train, val, test"),
    ],
)
def test_sequences_that_cannot_be(sequences: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        selected_dataset({"dataset": "it", "datasets": {"it": {"source": "ctc", "sequences": sequences}}})


def test_no_data(movie: Movie, tmp_path: Path) -> None:
    refused(movie, r"data: .*none\.zip not found: give a folder, a zip", data=str(tmp_path / "none.zip"))


def test_an_archive_that_is_none(movie: Movie, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    refused(
        movie, r"text\.zip cannot be unpacked \(File is not a zip file\)", data=str(tmp_path / "text.zip")
    )
    assert (tmp_path / "text.zip").exists()


def test_another_digest(movie: Movie, tmp_path: Path) -> None:
    (tmp_path / "own.zip").write_bytes(movie.zipped())
    refused(movie, r"own\.zip has SHA-256 .*00ff was expected", data=str(tmp_path / "own.zip"), sha256="00ff")


def test_the_digest_of_a_folder(movie: Movie) -> None:
    refused(movie, r"sha256: it is of an archive, but .*Disc-C2DL-Test is a folder: remove it", sha256="00ff")


def test_a_folder_of_something_else(movie: Movie, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(movie, r"expected sequences such as 01/t000\.tif in .*empty", data=str(tmp_path / "empty"))


def test_a_folder_of_several_data_sets(movie: Movie) -> None:
    Movie(movie.root.parent, name="Other").write()
    message = r"found Disc-C2DL-Test, Other: give the folder of one data set"
    refused(movie, message, data=str(movie.root.parent))
