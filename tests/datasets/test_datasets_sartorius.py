"""The Sartorius competition's files, good and bad ones."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from slow_codes import decode, discs, encode

from monolayer.annotations.coco import SPLITS, Coco, read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.sartorius import Settings, download
from monolayer.download import disk
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_png
from monolayer.images.folder import ImageFolder
from monolayer.parameters import validate

HEIGHT, WIDTH = 26, 48
HEAD = "id,annotation,width,height,cell_type,plate_time,sample_date,sample_id,elapsed_timedelta"
TYPES = ("astro", "cort", "shsy5y")
CENTRES = [(6, 7), (9, 12), (19, 25)]  # the first two discs overlap


class Competition:
    """A folder as Kaggle's, of 12 images of three types with three cells each, and what comes of it."""

    def __init__(self, root: Path, order: str = "rows") -> None:
        self.root, self.folder = root, root / "kaggle"
        (self.folder / "train").mkdir(parents=True)
        codes = [encode(mask, order) for mask in discs(HEIGHT, WIDTH, CENTRES, 5)]
        self.rows: list[list[str]] = []
        for number in range(12):
            id_ = f"{number:012x}"
            write_png(self.folder / "train" / f"{id_}.png", np.full((HEIGHT, WIDTH), number, np.uint8))
            self.rows += [[id_, code, str(WIDTH), str(HEIGHT), TYPES[number % 3]] for code in codes]

    def write(self, rows: Iterable[Iterable[str]] | None = None) -> None:
        lines = [",".join([*row, "11h30m00s,2019-06-16,well 1,0 days 11:30:00"]) for row in rows or self.rows]
        (self.folder / "train.csv").write_text("\n".join([HEAD, *lines]) + "\n")

    def download(self, **others: object) -> dict[str, Coco]:
        if not (self.folder / "train.csv").exists():
            self.write()
        fractions = {"train": 0.5, "val": 0.25, "test": 0.25}
        values = {"source": "sartorius", "data": str(self.folder), "split": fractions}
        settings = Settings.model_validate(values | others)
        download(settings, self.root / "raw", self.root / "scratch", ComputeSettings())
        return {split: read_coco(self.root / f"raw/annotations/{split}.json") for split in SPLITS}


@pytest.fixture
def competition(tmp_path: Path) -> Competition:
    return Competition(tmp_path)


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_cells_are_as_the_slow_decoder_draws_them(tmp_path: Path, order: str) -> None:
    competition = Competition(tmp_path, order)
    drawn = [decode(row[1], HEIGHT, WIDTH, order) for row in competition.rows[:3]]
    assert np.logical_and(*drawn[:2]).any()
    for coco in competition.download(order=order).values():
        for number, annotation in enumerate(coco.annotations):
            mask = coco_mask.decode(json.loads(bytes(annotation.segmentation)))
            np.testing.assert_array_equal(mask, drawn[number % 3])
            rows, columns = np.nonzero(mask)
            box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert msgspec.json.decode(annotation.bbox) == box
            assert annotation.area == mask.sum()


def test_each_split_has_its_share_of_each_cell_type(competition: Competition) -> None:
    splits = competition.download()
    for split, number in {"train": 6, "val": 3, "test": 3}.items():
        types = Counter(image.cell_type for image in splits[split].images)
        assert abs(types.total() - number) <= 1
        assert all(abs(types[name] - number / 3) <= 2 for name in TYPES)
    names = [image.file_name for coco in splits.values() for image in coco.images]
    assert sorted(names) == [f"{number:012x}.png" for number in range(12)]


@pytest.mark.parametrize("group", ["sample_id", "[0-9a-f]$"])
def test_what_belongs_together_comes_into_one_split(competition: Competition, group: str) -> None:
    well = {f"{number:012x}": f"well {number % 4}" for number in range(12)}
    if group == "sample_id":
        lines = [",".join([*row, "11h30m00s", "2019-06-16", well[row[0]], "0"]) for row in competition.rows]
        (competition.folder / "train.csv").write_text("\n".join([HEAD, *lines]))
    for coco in (splits := competition.download(group=group)).values():
        assert coco.images
    if group == "sample_id":
        of_split = {
            split: {well[image.file_name[:12]] for image in coco.images} for split, coco in splits.items()
        }
        assert sum(map(len, of_split.values())) == len(set().union(*of_split.values())) == 4
        assert all(
            image.group == well[image.file_name[:12]] for coco in splits.values() for image in coco.images
        )


def test_rows_of_an_image_that_differ_in_their_group(competition: Competition) -> None:
    lines = [
        ",".join([*row, "11h30m00s", "2019-06-16", f"well {number}", "0"])
        for number, row in enumerate(competition.rows)
    ]
    (competition.folder / "train.csv").write_text("\n".join([HEAD, *lines]))
    with pytest.raises(InputError, match=r"rows differ in sample_id \(well 0, well 1, well 2\)"):
        competition.download(group="sample_id")


def test_another_seed_draws_other_images(competition: Competition) -> None:
    drawn = {
        tuple(image.file_name for image in competition.download(seed=seed)["train"].images)
        for seed in range(5)
    }
    assert len(drawn) > 1


def test_the_order_of_the_rows_does_not_matter_to_the_images(competition: Competition) -> None:
    before = competition.download()
    competition.write(competition.rows[::-1])
    after = competition.download()
    assert [before[split].images for split in SPLITS] == [after[split].images for split in SPLITS]
    assert {split: len(coco.annotations) for split, coco in after.items()} == {
        split: 3 * len(coco.images) for split, coco in before.items()
    }


def test_only_listed_images_are_copied(competition: Competition) -> None:
    write_png(competition.folder / "train" / "unlisted.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    splits = competition.download()
    folder = ImageFolder(competition.root / "raw" / "images")
    assert len(list(folder.root.iterdir())) == 12
    for coco in splits.values():
        for image in coco.images:
            assert read_image(folder.path(image.file_name, ""), image)[0, 0] == int(image.file_name[:12], 16)


@pytest.mark.parametrize("inner", ["", "kaggle/"])
def test_an_archive_gives_what_its_folder_gives(competition: Competition, inner: str) -> None:
    expected = competition.download()
    base = competition.root if inner else competition.folder
    shutil.make_archive(str(competition.root / "zips" / "kaggle"), "zip", base, inner or None)
    found = competition.download(data=str(competition.root / "zips" / "kaggle.zip"))
    assert found == expected
    assert len(list((competition.root / "raw" / "images").iterdir())) == 12
    assert not list((competition.root / "scratch").iterdir())


def test_the_table_is_described(competition: Competition) -> None:
    competition.download()
    described = json.loads((competition.root / "raw" / "dataset.json").read_text())
    assert "non-commercial" in described["licence"]
    assert "Edlund" in described["citation"]
    assert "kaggle.com/competitions/sartorius-cell-instance-segmentation" in described["citation"]
    assert described["files"][0]["file"] == "train.csv"
    assert described["files"][0]["bytes"] == (competition.folder / "train.csv").stat().st_size


def test_missing_folder_or_archive(competition: Competition) -> None:
    with pytest.raises(InputError, match=r"data: .*nowhere not found: give a folder, a zip archive"):
        competition.download(data=str(competition.root / "nowhere"))
    with pytest.raises(InputError, match=r"data: .*nowhere\.zip not found: give a folder"):
        competition.download(data=str(competition.root / "nowhere.zip"))


@pytest.mark.parametrize("name", ["train.csv", "train"])
def test_a_part_of_the_layout_is_missing(competition: Competition, name: str) -> None:
    competition.write()
    shutil.move(competition.folder / name, competition.root / name)
    settings = Settings(source="sartorius", data=str(competition.folder))
    with pytest.raises(InputError, match=r"kaggle is no folder with train\.csv and train/"):
        download(settings, competition.root / "raw", competition.root / "scratch", ComputeSettings())


def test_an_archive_of_something_else(competition: Competition) -> None:
    competition.write()
    shutil.make_archive(str(competition.root / "other"), "zip", competition.folder / "train")
    with pytest.raises(InputError, match=r"other is no folder with train\.csv and train/"):
        competition.download(data=str(competition.root / "other.zip"))
    assert not list((competition.root / "scratch").iterdir())


def test_a_damaged_archive(competition: Competition) -> None:
    (competition.root / "damaged.zip").write_bytes(b"PK, once")
    with pytest.raises(InputError, match=r"damaged\.zip cannot be unpacked"):
        competition.download(data=str(competition.root / "damaged.zip"))


@pytest.mark.parametrize("column", ["id", "annotation", "width", "height", "cell_type"])
def test_a_missing_column(competition: Competition, column: str) -> None:
    competition.write()
    path = competition.folder / "train.csv"
    path.write_text(path.read_text().replace(column, "other", 1))
    message = rf"train\.csv has no column {column}: its columns must be id, annotation, width"
    with pytest.raises(InputError, match=message):
        competition.download()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (1, "1 2 3", "has 3 numbers"),
        (1, "1 x", "holds 'x'"),
        (1, "0 2", "the run '0 2' is none"),
        (1, "1 0", "the run '1 0' is none"),
        (1, "-1 2", "holds '-1'"),
        (1, f"{HEIGHT * WIDTH} 2", f"leaves the image of {WIDTH} x {HEIGHT} pixels"),
        (1, "9 2 1 2", "the run '1 2' begins before the one before it ends"),
        (1, "", "is empty: remove the row"),
        (2, "wide", "width 'wide' is no number of pixels: correct it"),
        (3, "0", "height '0' is no number of pixels: correct it"),
    ],
)
def test_a_row_that_is_none(competition: Competition, column: int, value: str, message: str) -> None:
    competition.rows[4][column] = value
    with pytest.raises(InputError, match=rf"train\.csv line 6, id 000000000001: .*{message}"):
        competition.download()


@pytest.mark.parametrize(
    ("column", "name", "values"),
    [(2, "width", "48, 33"), (3, "height", "26, 33"), (4, "cell_type", "cort, 33")],
)
def test_rows_of_an_image_that_differ(competition: Competition, column: int, name: str, values: str) -> None:
    competition.rows[4][column] = "33"
    message = rf"train\.csv, id 000000000001: rows differ in {name} \({values}\): correct them"
    with pytest.raises(InputError, match=message):
        competition.download()


def test_an_image_that_is_missing(competition: Competition) -> None:
    (competition.folder / "train" / "000000000001.png").unlink()
    with pytest.raises(InputError, match=r"line 5, id 000000000001: .*01\.png not found: add it, or remove"):
        competition.download()


def test_an_id_that_is_a_path(competition: Competition) -> None:
    write_png(competition.folder / "outside.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    competition.rows[0][0] = "../outside"
    with pytest.raises(InputError, match=r"line 2, id \.\./outside: .* not found"):
        competition.download()


def test_an_image_of_another_size(competition: Competition) -> None:
    write_png(competition.folder / "train" / "000000000001.png", np.zeros((WIDTH, HEIGHT), np.uint8))
    with pytest.raises(InputError, match=r"01\.png is 26 x 48 pixels, but its annotations are for 48 x 26"):
        competition.download()


def test_codes_in_the_other_order(competition: Competition) -> None:
    with pytest.raises(InputError, match=r"line \d+, id \w+: .* numbered by rows, but not by columns"):
        competition.download(order="columns")


def test_an_empty_split(competition: Competition) -> None:
    with pytest.raises(InputError, match="split test is empty: its fraction is 0"):
        competition.download(split={"train": 0.5, "val": 0.5, "test": 0})


def test_a_table_without_rows(competition: Competition) -> None:
    (competition.folder / "train.csv").write_text(HEAD + "\n")
    with pytest.raises(InputError, match=r"0 images \(none\) are too few for train"):
        competition.download()


def test_no_room(competition: Competition, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = disk.shutil.disk_usage(competition.root)._replace(free=0)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"Copying the images of .* 0 bytes free"):
        competition.download()


def test_an_unknown_order() -> None:
    values = {"source": "sartorius", "data": "a", "order": "fortran"}
    with pytest.raises(InputError, match=r"sartorius\.order: Input should be 'rows' or 'columns'"):
        validate(values, "datasets.sartorius", Settings)
