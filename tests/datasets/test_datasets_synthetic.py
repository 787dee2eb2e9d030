"""The embedded data set: every planted defect is found again in the files, by reading that shares no code."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from pycocotools import mask

from monolayer.compute.settings import ComputeSettings
from monolayer.datasets import synthetic
from monolayer.errors import InputError
from monolayer.synthesis.defects import DefectSettings
from monolayer.synthesis.plan import plan_images

WIDTH, HEIGHT = 176, 130
FOLDERS = {
    "train": "livecell_train_val_images",
    "val": "livecell_train_val_images",
    "test": "livecell_test_images",
}
NONE = dict.fromkeys(DefectSettings.model_fields, 0)


def render(folder: Path, **changes: Any) -> Path:
    values = {"cell_types": ["BV2", "MCF7"], "width": WIDTH, "height": HEIGHT, "source": "synthetic"}
    images = {"train_images": 9, "val_images": 6, "test_images": 9}
    settings = synthetic.Settings.model_validate(values | images | changes)
    synthetic.download(settings, folder, folder / "scratch", ComputeSettings())
    return folder


class Files:
    """What an independent reader sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = list(csv.DictReader((folder / "defects.csv").open()))
        self.images: dict[tuple[str, int], dict[str, Any]] = {}
        self.annotations: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for split in FOLDERS:
            content = json.loads((folder / f"annotations/{split}.json").read_text())
            for image in content["images"]:
                self.images[split, image["id"]] = image
                self.annotations[split, image["id"]] = []
            for annotation in content["annotations"]:
                self.annotations[split, annotation["image_id"]].append(annotation)

    def path(self, split: str, image_id: int) -> Path:
        return self.folder / "images" / FOLDERS[split] / self.images[split, image_id]["file_name"]

    def pixels(self, split: str, image_id: int) -> np.ndarray:
        return tifffile.imread(self.path(split, image_id)).astype(float)

    def planted(self, *names: str) -> list[dict[str, str]]:
        return [row for row in self.rows if row["defect"] in names]

    def pair(self, row: dict[str, str]) -> tuple[tuple[str, int], tuple[str, int]]:
        return (row["split"], int(row["image_id"])), (row["kept_split"], int(row["kept_image_id"]))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(render(tmp_path_factory.mktemp("synthetic")))


def test_layout_and_format(files: Files) -> None:
    assert {path.name for path in files.folder.iterdir()} == {
        "annotations",
        "images",
        "dataset.json",
        "defects.csv",
    }
    for split, image_id in files.images:
        path = files.path(split, image_id)
        if path.exists():
            with tifffile.TiffFile(path) as tiff:
                page = tiff.pages.first
                assert (page.shape, page.dtype, page.compression.name) == ((HEIGHT, WIDTH), np.uint8, "LZW")
    assert set(json.loads((files.folder / "dataset.json").read_text())) == {
        "name",
        "licence",
        "citation",
        "source",
    }


def test_the_manifest_lists_what_was_asked_for(files: Files) -> None:
    assert Counter(row["defect"] for row in files.rows) == {
        name: count for name, count in DefectSettings().model_dump().items() if count
    }
    for row in files.rows:
        assert files.images[row["split"], int(row["image_id"])]["file_name"] == row["file_name"]


def test_an_image_has_one_whole_image_defect_at_most(files: Files) -> None:
    whole = [row for row in files.rows if not row["annotation_id"]]
    involved = [(row["split"], row["image_id"]) for row in whole]
    involved += [(row["kept_split"], row["kept_image_id"]) for row in whole if row["kept_split"]]
    assert len(set(involved)) == len(involved)
    assert not set(involved) & {(r["split"], r["image_id"]) for r in files.rows if r["annotation_id"]}


def test_same_name(files: Files) -> None:
    for row in files.planted("same_name", "leak_same_name"):
        removed, kept = files.pair(row)
        assert files.images[removed]["file_name"] == files.images[kept]["file_name"]
        shapes = [[a["segmentation"] for a in files.annotations[image]] for image in (removed, kept)]
        assert shapes[0] != shapes[1]
        assert np.array_equal(files.pixels(*removed), files.pixels(*kept))


def test_same_pixels(files: Files) -> None:
    for row in files.planted("same_pixels", "leak_same_pixels"):
        removed, kept = files.pair(row)
        assert files.images[removed]["file_name"] != files.images[kept]["file_name"]
        assert np.array_equal(files.pixels(*removed), files.pixels(*kept))


def test_near_copies_correlate_in_one_of_four_positions(files: Files) -> None:
    for row in files.planted("near_copy", "leak_near_copy"):
        removed, kept = files.pair(row)
        copy, original = files.pixels(*removed), files.pixels(*kept)
        assert not any(np.array_equal(seen, original) for seen in four_positions(copy))
        scores = [np.corrcoef(seen.ravel(), original.ravel())[0, 1] for seen in four_positions(copy)]
        assert max(scores) > 0.95
        assert sorted(scores)[-2] < 0.6


def test_polygons_follow_a_copys_pixels(files: Files) -> None:
    for row in files.planted("near_copy"):
        removed, kept = files.pair(row)
        copy, original = files.pixels(*removed), files.pixels(*kept)
        alike = [np.corrcoef(seen.ravel(), original.ravel())[0, 1] for seen in four_positions(copy)]
        covered, truth = covered_by(files.annotations[removed]), covered_by(files.annotations[kept])
        common = [np.count_nonzero(seen & truth) for seen in four_positions(covered)]
        assert np.argmax(common) == np.argmax(alike)


def four_positions(image: np.ndarray) -> list[np.ndarray]:
    return [image[::down, ::right] for down in (1, -1) for right in (1, -1)]


def covered_by(annotations: list[dict[str, Any]]) -> np.ndarray:
    codes = mask.frPyObjects([a["segmentation"][0] for a in annotations], HEIGHT, WIDTH)
    return mask.decode(mask.merge(codes)).astype(bool)


def test_what_goes_and_what_stays(files: Files) -> None:
    order = list(FOLDERS)
    for row in files.rows:
        if not row["kept_split"]:
            continue
        removed, kept = files.pair(row)
        if row["defect"].startswith("leak"):
            assert order.index(removed[0]) < order.index(kept[0])
        else:
            assert removed[0] == kept[0]
            fuller = len(files.annotations[kept]) - len(files.annotations[removed])
            assert fuller > 0 or (fuller == 0 and kept[1] < removed[1])
    pairs = Counter((row["split"], row["kept_split"]) for row in files.planted("leak_same_name"))
    assert pairs == {("train", "val"): 1, ("train", "test"): 1, ("val", "test"): 1}


def test_whole_image_defects(files: Files) -> None:
    for row in files.planted("incomplete_annotation"):
        image = row["split"], int(row["image_id"])
        assert 1 <= len(files.annotations[image]) <= 9
        assert np.mean(np.abs(files.pixels(*image) - 128) > 10) > 0.02  # full of cells all the same
    for row in files.planted("no_annotation"):
        assert files.annotations[row["split"], int(row["image_id"])] == []
        assert files.path(row["split"], int(row["image_id"])).exists()
    missing = {image for image in files.images if not files.path(*image).exists()}
    assert missing == {(row["split"], int(row["image_id"])) for row in files.planted("missing_file")}


def test_bad_annotations_and_only_those(files: Files) -> None:
    found: dict[str, set[int]] = {"too_few_points": set(), "no_area": set(), "outside_image": set()}
    for annotations in files.annotations.values():
        for annotation in annotations:
            x, y = np.array(annotation["segmentation"][0]).reshape(-1, 2).T
            if len(x) < 3:
                found["too_few_points"].add(annotation["id"])
            elif np.ptp(x) == 0 or np.ptp(y) == 0:
                found["no_area"].add(annotation["id"])
            elif x.min() >= WIDTH or y.min() >= HEIGHT or x.max() <= 0 or y.max() <= 0:
                found["outside_image"].add(annotation["id"])
            else:
                assert annotation["area"] >= 30
                assert x.min() >= 0
                assert y.min() >= 0
                assert x.max() <= WIDTH
                assert y.max() <= HEIGHT
    for name, ids in found.items():
        assert ids == {int(row["annotation_id"]) for row in files.planted(name)}


def test_zero_has_no_sign_which_would_depend_on_the_cpu(files: Files) -> None:
    for split in FOLDERS:
        text = (files.folder / f"annotations/{split}.json").read_text()
        assert "[0.0," in text or ",0.0," in text
        assert "-0.0" not in text


def test_doubled_contours_and_only_those(files: Files) -> None:
    found = set()
    for annotations in files.annotations.values():
        sound = [a for a in annotations if len(a["segmentation"][0]) >= 6]
        codes = [mask.frPyObjects(a["segmentation"], HEIGHT, WIDTH)[0] for a in sound]
        overlaps = np.triu(np.reshape(mask.iou(codes, codes, [0] * len(codes)), (len(codes), len(codes))), 1)
        found |= {max(sound[i]["id"], sound[j]["id"]) for i, j in np.argwhere(overlaps > 0.7)}
    assert found == {int(row["annotation_id"]) for row in files.planted("doubled_contour")}


def test_no_defect_asked_for_none_planted(tmp_path: Path) -> None:
    images = {"train_images": 2, "val_images": 1, "test_images": 1, "defects": NONE}
    files = Files(render(tmp_path, **images))
    assert files.rows == []
    assert len(files.images) == 8
    assert len({image["file_name"] for image in files.images.values()}) == 8
    assert all(files.annotations.values())


def test_number_of_processes_does_not_show(tmp_path: Path) -> None:
    settings = synthetic.Settings(source="synthetic", width=96, height=64)
    planned_images = plan_images(["A172"], 2, 1, 2)
    one, two = (
        synthetic.render_files(settings, tmp_path / str(jobs), planned_images, ComputeSettings(jobs=jobs))
        for jobs in (1, 2)
    )
    assert [p.cells[0].polygon.tolist() for p in one] == [p.cells[0].polygon.tolist() for p in two]
    for path in sorted((tmp_path / "1").rglob("*.tif")):
        assert path.read_bytes() == (tmp_path / "2" / path.relative_to(tmp_path / "1")).read_bytes()


def test_unknown_cell_type(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'HeLa' is unknown"):
        render(tmp_path, cell_types=["A172", "HeLa"])


@pytest.mark.parametrize(
    ("defects", "message"),
    [
        ({"near_copy": 9}, r"too few images in train .* more train_images"),
        ({"same_name": 2, "leak_same_name": 1, "no_area": 1}, r"no sound image is left"),
    ],
)
def test_more_defects_than_images(tmp_path: Path, defects: dict[str, int], message: str) -> None:
    images = {"cell_types": ["BV2"], "train_images": 1, "val_images": 1, "test_images": 1}
    with pytest.raises(InputError, match=message):
        render(tmp_path, **images, defects=NONE | defects)
