"""Detectors and nets that remember, from training to predictions."""

import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import yaml
from pycocotools import mask as coco_mask
from tiny_project import TINY, Project, disc_sample

from monolayer.annotations.coco import Coco, Image, write_coco
from monolayer.datasets._label_images import annotations_of_labels, numbered
from monolayer.images.files import write_tiff
from stages.predict import predict
from stages.train import train

SHORT = {name: TINY[name] for name in ("crop_size", "batch_size")} | {"epochs": 2, "crops_per_epoch": 4}
SYSTEMS: dict[str, dict[str, Any]] = {
    "cellsam": {
        "head": {"method": "boxes"},
        "size": "tiny",
        "prompts": 8,
        "box_score": 0.005,
        "mask_iou": 0.0,
    },
    "maskrcnn": {
        "head": {"method": "boxes"},
        "proposals": 100,
        "samples": 8,
        "detections": 30,
        "score": 0.01,
    },
    "convlstm_unet": {"head": {"method": "contour"}, "channels": [4, 8], "frames": 2},
}
DECODERS = {"boxes": {"score": [0.5, 0.01]}, "contour": {"threshold": [0.5, 0.3], "cell_area": 0}}


@pytest.fixture(params=SYSTEMS)
def system(request, project: Project) -> tuple[str, Project]:
    """A trained system of two frames of one recording, which are listed in the wrong order."""
    project.set_parameters({"architecture": request.param, **SHORT, **SYSTEMS[request.param]})
    path = project.root / "params.yaml"
    more = {"decode": DECODERS, "tune": {}, "evaluate": {}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | more))
    frames = [Image(number, f"{number}.tif", 72, 64, sequence="A1", frame=10 - number) for number in (3, 4)]
    for image in frames:
        write_tiff(project.root / "images" / image.file_name, disc_sample(image.id).image)
    cells = [annotations_of_labels(disc_sample(image.id).labels) for image in frames]
    annotations = [*numbered(cells[0], 3, 0), *numbered(cells[1], 4, 9)]
    for split in ("val", "test"):
        write_coco(project.root / "clean" / f"{split}.json", Coco(frames, annotations))
    train(**project.train_arguments())
    return request.param, project


def run_predict(out: str) -> dict[str, np.ndarray]:
    predict(
        model=Path("trained/tiny"),
        val=Path("clean/val.json"),
        raw=Path("clean"),
        images=Path("images"),
        tuned=Path("tuned.json"),
        out=Path(out),
    )
    folder = Path(out, "foreground", "test")
    return {path.stem: imagecodecs.imread(path) for path in sorted(folder.iterdir())}


def test_from_training_to_predictions(system: tuple[str, Project]):
    name, project = system
    both = run_predict("both")
    assert {number: mask.shape for number, mask in both.items()} == {"3": (64, 72), "4": (64, 72)}
    results = json.loads(Path("both/test.json").read_text())
    assert all(coco_mask.decode(result["segmentation"]).any() for result in results)
    tuned = json.loads(Path("tuned.json").read_text())
    assert (tuned["decoder"], tuned["trials"]) == (SYSTEMS[name]["head"]["method"], 2)
    provenance = json.loads(Path("trained/tiny/model.json").read_text())["provenance"]
    assert provenance["started_from"] == "random weights"
    # Only what remembers says something else of a frame without the one before.
    for number, frame in ((3, 7), (4, 6)):
        alone = Image(number, f"{number}.tif", 72, 64, sequence="A1", frame=frame)
        write_coco(project.root / "clean" / "test.json", Coco([alone], []))
        same = np.array_equal(run_predict(f"alone {number}")[f"{number}"], both[f"{number}"])
        assert same == (name != "convlstm_unet" or number == 4)
