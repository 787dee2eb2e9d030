"""A movie of partial truth, from its source to what is packed for training."""

from pathlib import Path

import pytest
import yaml
from ctc_movie import Movie
from numpy.testing import assert_array_equal

from monolayer.annotations.coco import SPLITS, read_coco
from monolayer.images.files import read_image
from monolayer.training.packing import annotated, read_packed
from stages.deduplicate import deduplicate
from stages.download import download
from stages.masks import masks
from stages.pack import pack
from stages.sample import sample


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the stages have run; frames 0 and 4 have all their cells annotated, frame 1 one."""
    root = tmp_path_factory.mktemp("movie")
    movie = Movie(root / "given").write(silver=False, gold=[0, 1, 4])
    movie.keep_cells("01", 1, 2)
    for frame in (2, 3):  # a sequence that stands still, bit for bit
        movie.write_labels("01/t", frame, read_image(movie.path("01/t", 1)))
    entry = {"source": "ctc", "data": str(movie.root), "truth": "gold"}
    parameters = {
        "dataset": "movie",
        "datasets": {"movie": entry},
        "sample": {},
        "deduplicate": {},
        "masks": {},
    }
    (root / "params.yaml").write_text(yaml.safe_dump({**parameters, "compute": {"jobs": 1}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        download(root / "raw", root / "scratch")
        sample(root / "raw" / "annotations", root / "sampled")
        metrics = [root / name for name in ("cleaning.json", "removed.json")]
        deduplicate(root / "sampled", root / "raw" / "images", root / "clean", *metrics)
        masks(root / "clean", root / "masks")
        pack(root / "clean", root / "raw" / "images", root / "masks", root / "packed")
    return root


def test_no_frame_and_no_cell_is_removed(root: Path) -> None:
    assert len((root / "clean" / "removed.csv").read_text().splitlines()) == 1
    for split in SPLITS:
        kept = read_coco(root / "clean" / f"{split}.json")
        assert all(image.limits for image in kept.images)  # the frames have 16 bits
        for image in kept.images:
            image.limits = None
        assert kept == read_coco(root / "raw/annotations" / f"{split}.json")


def test_all_frames_are_packed_and_those_of_complete_truth_are_trained_on(root: Path) -> None:
    train, val = (read_packed(root / "packed" / split) for split in ("train", "val"))
    assert [image.truth for image in train.images] == ["complete", "partial", "none", "none"]
    assert annotated(train).tolist() == annotated(val).tolist() == [0]
    assert [image.frame for image in val.images] == [4]


def test_packed_labels_are_the_movies(root: Path) -> None:
    train, movie = read_packed(root / "packed" / "train"), Movie(root / "given")
    assert_array_equal(train.image(0)[1] > 0, movie.labels("01", 0) > 0)
    assert_array_equal(train.image(1)[1] > 0, movie.labels("01", 1) == 2)
    assert not train.image(2)[1].any()
