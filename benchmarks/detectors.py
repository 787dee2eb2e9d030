"""What the detectors can reach where they have no published weights to start from.

``python -m benchmarks.detectors FOLDER cellsam|maskrcnn`` takes a folder laid out like LIVECell's server. The
entry of params.yaml learns the middles of four training images by heart, and is asked for their cells; of
CellSAM's parts, also by true boxes and by a grid of points as prompts.
``python -m benchmarks.detectors FOLDER published WEIGHTS`` asks weights of SAM, ``facebook/sam-vit-base`` or
a folder that transformers wrote, by these prompts for the cells in the middles of all test images.
Writes benchmarks/results/detectors.json.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.measure import RESULTS, machine, write_result
from benchmarks.packed_data import Data, packed_livecell, packed_source, read_annotated
from benchmarks.scored import Found, Tuned, found, scored, tuned
from benchmarks.trained import train_entry
from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.compute.accelerator import autocast, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._label_images import annotations_of_labels, numbered
from monolayer.images.files import write_tiff
from monolayer.inference.whole_image import normalised_input
from monolayer.models.base.model import Maps
from monolayer.models.cellsam import model as cellsam
from monolayer.models.cellsam.model import CellSam, Outputs
from monolayer.predictions.cells import Cells, best_scores
from monolayer.training.packing import Packed

COMPUTE = on_this_machine(ComputeSettings(devices=1))
LEARNED, SIDE = 4, 256
"""Images learned by heart, and the side of their middles in pixels."""
BUDGETS = {
    "cellsam": {"epochs": 4, "crops_per_epoch": 300, "crop_size": SIDE, "batch_size": 2},
    "maskrcnn": {"epochs": 4, "crops_per_epoch": 600, "crop_size": SIDE // 2, "batch_size": 4},
}
BY_HEART = {"crops": {"turns": False}}
PUBLISHED_SIDE = 512
"""Of middles that published weights see, enlarged to SAM's 1024 pixels."""
POINTS = 32
"""Of the grid along each side; SAM's."""
GRID_IOU = 0.5
"""Predicted IoU from which a mask of the grid is a detection."""


def main(source: Path, what: str, *weights: str) -> None:
    path = RESULTS / "detectors.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result["machine"] = machine() | {"precision": COMPUTE.precision}
    with tempfile.TemporaryDirectory() as temporary:
        whole = packed_livecell(source, Path(temporary, "whole"))
        folder = Path(temporary, "middles")
        if what == "published":
            result["published"] = _published(whole["test"], folder, *weights)
        else:
            result.setdefault("learned_by_heart", {})[what] = _by_heart(what, whole["train"], folder)
    write_result("detectors", result)
    print(json.dumps(result, indent=2))


def _by_heart(entry: str, packed: Packed, folder: Path) -> dict[str, Any]:
    data, truth = middles(packed, LEARNED, SIDE, folder)
    model, row = train_entry(entry, data, COMPUTE, BUDGETS[entry], BY_HEART)
    test = found(model, data, {"test": truth}, "test", COMPUTE)
    own = scored(model, test, data, tuned(model, test)).overall
    by_prompt = prompted(model, data, truth) if isinstance(model, CellSam) else {}
    return {"images": LEARNED, "training_s": row["seconds"], "detector": own, **by_prompt}


def _published(packed: Packed, folder: Path, weights: str) -> dict[str, Any]:
    data, truth = middles(packed, len(packed.images), PUBLISHED_SIDE, folder)
    settings = {"size": "vit-base", "weights": weights, "enlarge": 2, "normalise": {"method": "imagenet"}}
    model = cellsam.build(cellsam.Settings.model_validate({"architecture": "cellsam", **settings}))
    started_from = model.take_published_weights()
    return {"images": len(truth.images), "weights": started_from, **prompted(model.eval(), data, truth)}


def middles(packed: Packed, number: int, side: int, folder: Path) -> tuple[Data, Coco]:
    """Pack the middles of the first images as all three splits."""
    images: list[Image] = []
    annotations: list[Annotation] = []
    (folder / "images").mkdir(parents=True)
    for place in range(number):
        pixels, labels = (_middle(np.array(plane), side) for plane in packed.image(place))
        image = Image(id=place + 1, file_name=f"{place + 1}.tif", width=side, height=side)
        write_tiff(folder / "images" / image.file_name, pixels)
        annotations += numbered(annotations_of_labels(labels), image.id, len(annotations))
        images.append(image)
    write_coco(folder / "annotations.json", Coco(images, annotations))
    every = dict.fromkeys(("train", "val", "test"), str(folder / "annotations.json"))
    settings = {"images": str(folder / "images"), "annotations": every}
    return packed_source("coco", settings, folder), read_annotated(folder)["test"]


def _middle(plane: np.ndarray, side: int) -> np.ndarray:
    top, left = ((length - side) // 2 for length in plane.shape)
    return plane[top : top + side, left : left + side]


def prompted(model: CellSam, data: Data, truth: Coco) -> dict[str, dict[str, float]]:
    """Score the masks of true boxes as they are, and those of a grid without what a better one overlaps."""
    number = range(len(truth.images))
    boxes = Found([_seen(model, data["test"], place, _true_boxes) for place in number], truth)
    grid = Found([_seen(model, data["test"], place, _grid) for place in number], truth)
    every = {"score": 0.0, "cell_area": 0}
    return {
        "true_boxes": scored(model, boxes, data, Tuned({**every, "overlap": 1.0}, 0.0)).overall,
        "grid": scored(model, grid, data, Tuned({**every, "overlap": 0.5}, 0.0)).overall,
    }


Ask = Callable[[CellSam, Outputs, Tensor], list[Cells]]


def _true_boxes(model: CellSam, outputs: Outputs, labels: Tensor) -> list[Cells]:
    return model.detect_with_boxes(outputs, [own.boxes for own in model.targets(labels)])


def _grid(model: CellSam, outputs: Outputs, labels: Tensor) -> list[Cells]:
    return model.detect_on_grid(outputs, labels.shape[-1] / POINTS, GRID_IOU)


@torch.inference_mode()
def _seen(model: CellSam, packed: Packed, place: int, ask: Ask) -> Maps:
    image, labels = (np.array(plane) for plane in packed.image(place))
    pixels = torch.from_numpy(normalised_input(image, model))[None, None]
    with autocast(COMPUTE.precision, pixels.device):
        (cells,) = ask(model, model(pixels), torch.from_numpy(labels.astype(np.int32))[None])
    return Maps(best_scores(cells, *image.shape), cells)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
