"""params.yaml is read whole before anything runs."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from monolayer.errors import InputError
from monolayer.parameters import read_parameters
from stages.parameters import TAKEN, find_faults, parameters

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = read_parameters(ROOT / "params.yaml")


def faults_with(key: str, value: Any) -> list[str]:
    """What is wrong after one value of params.yaml was set."""
    changed: dict[str, Any] = copy.deepcopy(COMMITTED)
    *parents, name = key.split(".")
    place = changed
    for parent in parents:
        place = place[parent]
    place[name] = value
    return find_faults(changed)


def test_what_is_committed_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    parameters(tmp_path / "data" / "parameters.txt", tmp_path / "metrics" / "models.json")
    assert (tmp_path / "data" / "parameters.txt").read_text() == "params.yaml is valid\n"
    names = json.loads((tmp_path / "metrics" / "models.json").read_text())["models"]
    assert names == list(COMMITTED["models"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("dataset", "livecel", "no 'livecel' in datasets; it has: sample, livecell"),
        ("datasets.ctc.truth", "bronze", "datasets.ctc.truth: Input should be 'gold' or 'silver'"),
        ("datasets.own.sources", "coco", "datasets.own.sources: unknown key"),
        ("datasets.mine", {"source": "zarr"}, "datasets.mine.source: 'zarr' is unknown; valid: coco, ctc"),
        ("datasets.own.fraction", 0.5, "datasets.own.fraction: the subset is now chosen by sample.fraction"),
        ("sample.fraction", 0, "sample.fraction: Input should be greater than 0"),
        ("sample.fraction", 1.01, "sample.fraction: Input should be less than or equal to 1"),
        ("sample.images_per_split", 0, "sample.images_per_split: Input should be greater than or equal to 1"),
        ("sample.seed", 0.5, "sample.seed: Input should be a valid integer"),
        ("deduplicate.leaks", "no", "deduplicate.leaks: Input should be a valid boolean"),
        ("masks.drop_covered", 2, "masks.drop_covered: Input should be less"),
        ("explore.area_percentiles", [], "explore.area_percentiles"),
        ("baseline.texture.window", "three", "baseline.texture.window"),
        ("seed", 0.5, "seed: expected a whole number from 0 on"),
        ("train.optimiser", "sgd", "train.optimiser: unknown key; valid keys: optimizer"),
        ("models", {}, "models: name a model at least"),
        ("models", None, "models: expected names with their settings, found None"),
        ("datasets", "sample", "datasets: expected names with their settings, found 'sample'"),
        ("decode", [], "decode: expected names with their settings"),
        ("models.vnet.lr", "fast", "models.vnet.lr"),
        ("models.vnet.train", {"thread": 1}, "models.vnet.train.thread: unknown key"),
        ("models.vnet.architecture", "v-net", "models.vnet.architecture: 'v-net' is unknown; valid: cellsam"),
        ("models.vnet.head", {"method": "boxes"}, "models.vnet.head.method: boxes is for detectors"),
        ("models.my net", COMMITTED["models"]["vnet"], "models.my net: a name has letters, digits"),
        ("models.../x", COMMITTED["models"]["vnet"], "a name has letters, digits"),
        ("models.images", COMMITTED["models"]["vnet"], "metrics/images.json is taken"),
        (
            "models",
            {18: COMMITTED["models"]["vnet"]},
            "models.18: YAML takes this name for no text: write '18'",
        ),
        ("models", {"unet.2": COMMITTED["models"]["vnet"]}, "models.unet.2: a name has letters, digits, '-'"),
        ("predict.tile", 1000, "predict.tile: Input should be a multiple of 32"),
        ("decode.flow.h", 1, "decode.flow.h: unknown key; valid keys: threshold"),
        ("decode.stars", {"threshold": 1}, "decoder: 'stars' is unknown; valid: boxes, contour"),
        ("tune.score", "dice", "tune.score: there is no score 'dice'; valid: "),
        ("evaluate.max_dets", [100, 10], "evaluate.max_dets: Value error, must be numbers from 1 on"),
        ("compare.score", "ap5", "compare.score: there is no score 'ap5'; valid: dice, iou"),
        ("compare.scores", ["dice", "pp"], "compare.scores: there is no score 'pp'"),
        ("compute.devices", "many", "compute.devices: Value error, expected auto or a whole number"),
    ],
)
def test_one_wrong_value(key: str, value: Any, message: str):
    if key.startswith("models.../"):
        faults = find_faults({**COMMITTED, "models": {"../x": value}})
    else:
        faults = faults_with(key, value)
    assert any(message in fault for fault in faults), faults


@pytest.mark.parametrize("name", ["data/raw", "data/raw/mine", "data/clean/x", "models/mine", "data", "."])
def test_data_that_dvc_would_delete_before_they_are_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    changed: dict[str, Any] = copy.deepcopy(COMMITTED) | {"dataset": "own"}
    changed["datasets"]["own"]["images"] = name
    expected = (
        rf"params\.yaml: datasets\.own\.images: {name} (lies in|holds) .*, which is (emptied|made anew)"
    )
    (fault,) = find_faults(changed)
    assert re.match(expected, fault)
    changed["dataset"] = "sample"  # whose own data these are not
    assert find_faults(changed) == []


def test_a_head_without_a_decoder():
    changed = copy.deepcopy(COMMITTED)
    del changed["decode"]["flow"]
    expected = "params.yaml: no 'flow' in decode; it has: foreground, contour, stardist, boxes"
    assert find_faults(changed) == [expected]


def test_all_faults_are_told_at_once_with_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = (ROOT / "params.yaml").read_text().replace("tile: 1024", "tile: 7")
    (tmp_path / "params.yaml").write_text(text.replace("warm_up: 0.3", "warm_up: 3"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"(?s)train\.warm_up.*predict\.tile.*git checkout params\.yaml$"):
        parameters(tmp_path / "data" / "parameters.txt", tmp_path / "metrics" / "models.json")
    assert not (tmp_path / "data").exists()
    assert json.loads((tmp_path / "metrics" / "models.json").read_text())["models"] == list(
        COMMITTED["models"]
    )


def test_no_file_of_metrics_is_a_models_name():
    """Every file beside those of the models is taken."""
    committed = {path.stem for path in (ROOT / "metrics").glob("*.json")}
    assert committed - set(COMMITTED["models"]) <= set(TAKEN)
