"""The deduplicate stage: parameters in, files out."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from laboratory import Laboratory
from pictures import dish

from monolayer.annotations.coco import read_coco
from monolayer.cleaning.settings import CleaningSettings
from stages.command import run
from stages.deduplicate import deduplicate

PARAMETERS = yaml.safe_load((Path(__file__).resolve().parents[2] / "params.yaml").read_text())


@pytest.fixture
def in_folder(laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """A data set with one annotation too many, in a working folder."""
    laboratory.annotate("val", 2, [[1.0, 1.0]])
    laboratory.write()
    monkeypatch.chdir(tmp_path)
    flags = {"sampled": "sampled", "images": "images", "out": "clean", "metrics": "metrics/cleaning.json"}
    flags["total-removed"] = "metrics/removed.json"
    monkeypatch.setattr(
        sys, "argv", ["x", *(word for flag, path in flags.items() for word in (f"--{flag}", path))]
    )
    return laboratory


def write_parameters(section: dict[str, object]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump({"deduplicate": section, "compute": {"jobs": 1}}))


def test_every_setting_stands_in_params_yaml_with_its_default() -> None:
    assert PARAMETERS["deduplicate"] == CleaningSettings().model_dump()


def test_the_stage_writes_its_outs(in_folder: Laboratory) -> None:
    write_parameters({})
    run(deduplicate)
    assert sorted(path.name for path in Path("clean").iterdir()) == [
        *("raw", "removed.csv", "test.json", "train.json", "val.json")
    ]
    for split in ("val", "test"):
        assert Path(f"clean/raw/{split}.json").read_bytes() == Path(f"sampled/{split}.json").read_bytes()
    metrics = json.loads(Path("metrics/cleaning.json").read_text())
    assert metrics["splits"]["val"]["annotations"]["removed"]["too_few_points"] == 1


def test_the_stage_reads_its_parameters(in_folder: Laboratory) -> None:
    write_parameters({"too_few_points": False})
    run(deduplicate)
    assert len(Path("clean/removed.csv").read_text().splitlines()) == 1


def test_an_unreadable_file_is_named(in_folder: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    in_folder.add("val", 7, "small.tif", np.zeros((9, 9), np.uint8), [[[1.0, 1.0, 5.0, 1.0, 5.0, 5.0]]])
    in_folder.write()
    write_parameters({})
    run(deduplicate)
    assert "small.tif is 9 x 9 pixels, but its annotations are for 160 x 128" in capsys.readouterr().err


def test_limits_are_recorded(in_folder: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    image, polygons = dish(77)
    deep = image.astype(np.float32) * 8 + 300
    deep[3, 4:6] = np.nan, np.inf
    in_folder.add("val", 7, "deep.tif", deep, [[polygon] for polygon in polygons])
    in_folder.write()
    write_parameters({})
    run(deduplicate)
    said = capsys.readouterr().err
    assert "pixels that are not a number or infinite are left out of account in deep.tif (2)\n" in said
    recorded = {image.file_name: image.limits for image in read_coco(Path("clean/val.json")).images}
    low, high = recorded["deep.tif"] or (0, 0)
    assert 300 <= low < 1000  # the image's levels, 64 to 200 in eighths
    assert 1600 < high <= 2340
    assert [limits for name, limits in recorded.items() if name != "deep.tif"] == [None] * (len(recorded) - 1)


def test_an_unknown_key_is_named(in_folder: Laboratory) -> None:
    write_parameters({"near_copies": True})
    with pytest.raises(SystemExit, match=r"deduplicate\.near_copies: unknown key; valid keys: missing_file"):
        run(deduplicate)
