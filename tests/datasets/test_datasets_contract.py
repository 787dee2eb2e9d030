"""What every source of images must do: a new one's tests begin with an entry in `SOURCES`."""

import json
import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ctc_movie import Movie

import monolayer.datasets
from monolayer.annotations.coco import SPLITS, Coco, Image, read_coco, write_coco
from monolayer.annotations.rasterise import cell_runs
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._settings import DatasetSettings, selected_dataset
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_png, write_tiff
from monolayer.images.folder import ImageFolder
from monolayer.parameters import read_parameters
from monolayer.synthesis.defects import DefectSettings

SIZE = {"width": 12, "height": 10}
SQUARE = [[1.0, 1.0, 9.0, 1.0, 9.0, 9.0, 1.0, 9.0]]
ALONE = ComputeSettings(jobs=1)
ROOT = Path(__file__).resolve().parents[2]


def livecell(folder: Path) -> dict[str, Any]:
    for split in SPLITS:
        _write_images(folder / "images", [f"BV2_Phase_A1_1_00d00h00m_{len(split)}.tif"])
        _write_json(
            folder / f"annotations/LIVECell/livecell_coco_{split}.json",
            [f"BV2_Phase_A1_1_00d00h00m_{len(split)}.tif"],
        )
    return {"base_url": str(folder)}


def coco(folder: Path) -> dict[str, Any]:
    names = [f"well {number}/image.tif" for number in range(6)]
    _write_images(folder / "images", names)
    _write_json(folder / "own.json", names)
    fractions = {"train": 0.5, "val": 0.25, "test": 0.25}
    return {"images": str(folder / "images"), "annotations": str(folder / "own.json"), "split": fractions}


def ctc(folder: Path) -> dict[str, Any]:
    return {"data": str(Movie(folder).write().root)}


def labels(folder: Path) -> dict[str, Any]:
    names = [f"well {number}/image.tif" for number in range(6)]
    _write_images(folder, names)
    drawn = np.zeros((SIZE["height"], SIZE["width"]), np.uint16)
    drawn[2:5, 3:9], drawn[5:8, 3:9] = 7, 300
    for name in names:
        write_tiff(folder / name.replace(".tif", "_masks.tif"), drawn)
    return {"images": str(folder), "split": {"train": 0.5, "val": 0.25, "test": 0.25}}


def sartorius(folder: Path) -> dict[str, Any]:
    rows = ["id,annotation,width,height,cell_type,sample_date"]
    for number in range(8):
        cell_type = ("astro", "shsy5y")[number % 2]
        rows += [f"{number},{code},12,10,{cell_type},2019" for code in ("14 8 26 8", "50 3 62 1")]
        (folder / "train").mkdir(exist_ok=True)
        write_png(
            folder / "train" / f"{number}.png", np.full((SIZE["height"], SIZE["width"]), number, np.uint8)
        )
    (folder / "train.csv").write_text("\n".join(rows))
    return {"data": str(folder), "split": {"train": 0.5, "val": 0.25, "test": 0.25}}


def synthetic(folder: Path) -> dict[str, Any]:
    images = {"train_images": 2, "val_images": 1, "test_images": 1, "width": 128, "height": 96}
    defects = dict.fromkeys(DefectSettings.model_fields, 0) | {"no_annotation": 1, "no_area": 1}
    return {"cell_types": ["A172"], "defects": defects} | images


SOURCES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "coco": coco,
    "ctc": ctc,
    "labels": labels,
    "livecell": livecell,
    "sartorius": sartorius,
    "synthetic": synthetic,
}
"""For each source: makes what it reads in an empty folder, and returns its settings."""


def _write_images(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_tiff(folder / name, np.full((SIZE["height"], SIZE["width"]), number, np.uint8))


def _write_json(path: Path, names: list[str]) -> None:
    images = [{"id": number, "file_name": name} | SIZE for number, name in enumerate(names)]
    cells = [{"id": number, "image_id": number, "segmentation": SQUARE} for number in range(len(names))]
    cells = [item | {"area": 64.0, "bbox": [1, 1, 8, 8], "iscrowd": 0, "category_id": 1} for item in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": images, "annotations": cells}))


class Downloaded:
    """A source's module and settings, and what it wrote."""

    def __init__(self, source: str, root: Path) -> None:
        (root / "given").mkdir()
        self.module = import_module(f"monolayer.datasets.{source}")
        self.settings = self.module.Settings.model_validate(
            {"source": source} | SOURCES[source](root / "given")
        )
        self.root = root
        self.raw = self.download("raw")
        self.splits = {split: read_coco(self.raw / "annotations" / f"{split}.json") for split in SPLITS}

    def download(self, name: str, compute: ComputeSettings = ALONE) -> Path:
        folder = self.root / "data" / name
        self.module.download(self.settings, folder, self.root / "scratch", compute)
        return folder

    def found(self) -> list[tuple[Path, Image]]:
        images = ImageFolder(self.raw / "images")
        listed = [(image, split) for split, coco in self.splits.items() for image in coco.images]
        return [(path, image) for image, split in listed if (path := images.find(image.file_name, split))]


@pytest.fixture(scope="module", params=sorted(SOURCES))
def downloaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Downloaded:
    return Downloaded(request.param, tmp_path_factory.mktemp(request.param))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_source_is_under_contract() -> None:
    modules = {module.name for module in pkgutil.iter_modules(monolayer.datasets.__path__)}
    assert {name for name in modules if not name.startswith("_")} == set(SOURCES)


def test_settings_are_closed(downloaded: Downloaded) -> None:
    assert issubclass(downloaded.module.Settings, DatasetSettings)
    values = downloaded.settings.model_dump() | {"colour": "blue"}
    with pytest.raises(InputError, match=r"colour: unknown key; valid keys: source, fraction"):
        selected_dataset({"dataset": "it", "datasets": {"it": values}})


def test_the_layout_is_livecells(downloaded: Downloaded) -> None:
    files = {path for path in contents(downloaded.raw) if not path.startswith("images/")}
    layout = {"dataset.json"} | {f"annotations/{split}.json" for split in SPLITS}
    assert layout <= files <= layout | {"defects.csv"}


def test_the_description_is_complete(downloaded: Downloaded) -> None:
    described = json.loads((downloaded.raw / "dataset.json").read_text())
    assert all(isinstance(described[key], str) for key in ("name", "licence", "citation", "source"))


def test_no_split_is_empty_and_ids_are_unique(downloaded: Downloaded) -> None:
    for coco in downloaded.splits.values():
        assert coco.images
        for items in (coco.images, coco.annotations):
            assert len({item.id for item in items}) == len(items)


def test_annotations_belong_to_listed_images(downloaded: Downloaded) -> None:
    for coco in downloaded.splits.values():
        assert {annotation.image_id for annotation in coco.annotations} <= {image.id for image in coco.images}
        assert {(annotation.category_id, annotation.iscrowd) for annotation in coco.annotations} == {(1, 0)}


def test_images_can_be_read_and_have_the_listed_size(downloaded: Downloaded) -> None:
    assert {image.file_name for _, image in downloaded.found()}
    for path, image in downloaded.found():
        assert read_image(path, image).dtype == np.uint8


def test_segmentations_can_be_drawn(downloaded: Downloaded) -> None:
    for coco in downloaded.splits.values():
        sizes = {image.id: (image.height, image.width) for image in coco.images}
        for annotation in coco.annotations:
            cell_runs([annotation.segmentation], *sizes[annotation.image_id])
            assert annotation.area >= 0
            assert len(json.loads(bytes(annotation.bbox))) == 4


def test_annotations_survive_writing(downloaded: Downloaded, tmp_path: Path) -> None:
    for split, coco in downloaded.splits.items():
        write_coco(tmp_path / "copy.json", Coco(coco.images, coco.annotations))
        assert (tmp_path / "copy.json").read_bytes() == (
            downloaded.raw / "annotations" / f"{split}.json"
        ).read_bytes()


def test_files_are_our_own(downloaded: Downloaded) -> None:
    files = [path for path in downloaded.raw.rglob("*") if not path.is_dir()]
    assert not any(path.is_symlink() or path.stat().st_nlink > 1 for path in files)


def test_a_second_run_writes_the_same_bytes(downloaded: Downloaded) -> None:
    assert contents(downloaded.download("again")) == contents(downloaded.raw)


def test_the_number_of_processes_changes_no_byte(downloaded: Downloaded) -> None:
    assert contents(downloaded.download("in two", ComputeSettings(jobs=2))) == contents(downloaded.raw)


def test_work_goes_where_the_settings_say(downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    if not hasattr(downloaded.module, "map_parallel"):
        pytest.skip("copies files and does nothing with their pixels")

    def recorded(function: Any, items: Any, compute: ComputeSettings) -> list[Any]:
        asked.append(compute)
        return [function(item) for item in items]

    monkeypatch.setattr(downloaded.module, "map_parallel", recorded)
    compute = ComputeSettings(jobs=3, scheduler="tcp://127.0.0.1:1")
    assert contents(downloaded.download("elsewhere", compute)) == contents(downloaded.raw)
    assert asked
    assert set(asked) == {compute}


def test_a_run_over_an_earlier_ones_outs_writes_the_same_bytes(downloaded: Downloaded) -> None:
    before = contents(downloaded.raw)
    assert contents(downloaded.download("raw")) == before


@pytest.mark.parametrize("entry", list(read_parameters(ROOT / "params.yaml")["datasets"]))
def test_the_entries_of_params_yaml_are_valid(entry: str) -> None:
    parameters = read_parameters(ROOT / "params.yaml") | {"dataset": entry}
    assert selected_dataset(parameters)[1].source in SOURCES
