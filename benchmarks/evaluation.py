"""The whole evaluation of a test set of LIVECell's size, and AP beside pycocotools on real images.

``python -m benchmarks.evaluation [FOLDER]`` renders 1,512 images below .scratch/ (once, slowly), predicts
their cells with every kind of fault, and runs the evaluate stage. With a folder laid out like LIVECell's
server it also scores perturbed truth of its images by both programs. It writes
benchmarks/results/evaluation.json.
"""

import contextlib
import io
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.measure import ROOT, machine, measure, write_result
from benchmarks.rehearsal import HEIGHT, WIDTH, build
from monolayer.annotations.coco import Coco, annotations_by_image, read_coco
from monolayer.annotations.rasterise import CellRuns, draw, union
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.cells import annotated_images, compare_cells, summarise_cells, true_cells
from monolayer.evaluation.settings import CellSettings
from monolayer.images.files import write_png
from monolayer.metrics.detected_cells import SIZES
from monolayer.predictions.cells import Cells, encode_cells

FOLDER = ROOT / ".scratch" / "evaluation"
IMAGES = {"test": 1512, "val": 16}
COPIES = 5
"""Predictions of each real image: 12 images make 60."""
MAX_DETS = [100, 500, 2000]


def main(source: Path | None) -> None:
    result: dict[str, Any] = {"machine": machine(), "evaluate_stage": _full_size()}
    if source is not None:
        result["beside_pycocotools"] = beside_pycocotools(source, COPIES)
    write_result("evaluation", result)


NO_TRAINING = {"seconds": 0, "device": "none", "number_format": "none", "history": {}}


def _full_size() -> dict[str, Any]:
    build(FOLDER, IMAGES)
    counts = {split: _predict(split) for split in IMAGES}
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        workspace = Path(name)
        parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
        (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))
        annotations, images = str(FOLDER / "annotations"), str(FOLDER / "images")
        flags = ["--predictions", str(FOLDER / "predictions"), "--raw", annotations, "--clean", annotations]
        (workspace / "t.json").write_text(json.dumps(NO_TRAINING))
        flags += ["--training", "t.json", "--images", images, "--metrics", "m.json", "--plots", "plots"]
        flags += ["--scores", "scores.json", "--by-image", "by_image.json", "--table", "table.csv"]
        cost = measure(sys.executable, "-m", "stages.evaluate", *flags, cwd=workspace)
        overall = json.loads((workspace / "scores.json").read_text())["test"]["clean"]["overall"]
    return {
        "images": counts["test"][0],
        "cells": counts["test"][1],
        "predicted_cells": overall["cells_predicted"],
        "truths": "raw and clean",
        "seconds": cost.seconds,
        "peak_gb": cost.peak_gb,
        "ap": overall["ap"],
        "ap50": overall["ap50"],
    }


def _predict(split: str) -> tuple[int, int]:
    """Write faulty predictions of a split; return its numbers of images and cells."""
    coco = read_coco(FOLDER / "annotations" / f"{split}.json")
    folder = FOLDER / "predictions"
    foreground = folder / "foreground" / split
    foreground.mkdir(parents=True, exist_ok=True)
    groups = annotations_by_image(coco)
    tasks = [(image.id, [bytes(cell.segmentation) for cell in groups[image.id]]) for image in coco.images]
    results = map_parallel(partial(_predict_image, foreground), tasks, ComputeSettings())
    (folder / f"{split}.json").write_bytes(msgspec.json.encode([cell for own in results for cell in own]))
    return len(coco.images), len(coco.annotations)


def _predict_image(foreground: Path, task: tuple[int, list[bytes]]) -> list[dict[str, Any]]:
    image_id, segmentations = task
    cells = perturbed([msgspec.Raw(text) for text in segmentations], HEIGHT, WIDTH, seed=image_id)
    covered = union(cells.runs, HEIGHT, WIDTH)
    write_png(foreground / f"{image_id}.png", np.where(covered, np.uint8(230), np.uint8(20)))
    codes = encode_cells(cells, HEIGHT, WIDTH)
    return [
        {
            "image_id": image_id,
            "category_id": 1,
            "segmentation": {"size": code["size"], "counts": code["counts"].decode()},
            "score": round(score, 4),
        }
        for code, score in zip(codes, cells.scores.tolist(), strict=True)
    ]


def perturbed(segmentations: list[msgspec.Raw], height: int, width: int, seed: int) -> Cells:
    """Move and resize cells, miss some, find some twice and some that are none."""
    rng = np.random.default_rng(seed)
    polygons = [np.array(msgspec.json.decode(text)[0]).reshape(-1, 2) for text in segmentations]
    found = [polygon for polygon in polygons if rng.random() < 0.9]
    doubled = [polygon for polygon in found if rng.random() < 0.05]
    away = [polygon + rng.normal(0, 40, 2) for polygon in polygons if rng.random() < 0.05]
    moved = [_moved(polygon, rng) for polygon in [*found, *doubled, *away]]
    runs = draw([[polygon.ravel().tolist()] for polygon in moved], height, width)
    # Clipped away: a prediction has pixels.
    present, cell = np.unique(runs.cell, return_inverse=True)
    scores = rng.beta(5, 2, len(moved))[present].round(4)
    return Cells(CellRuns(runs.start, runs.end, cell), scores)


def _moved(polygon: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    centre = polygon.mean(axis=0)
    spread = rng.exponential(1.5)
    return centre + (polygon - centre) * rng.normal(1, 0.08) + rng.normal(0, spread, 2)


def beside_pycocotools(source: Path, copies: int) -> dict[str, Any]:
    """Score perturbed truth of real images by this project and by pycocotools, on one core each.

    Each annotated image below `source` is predicted so many times, every time with other faults.
    """
    coco = _real_images(source, copies)
    cells = [
        perturbed([c.segmentation for c in own], coco.images[n].height, coco.images[n].width, seed=n)
        for n, own in enumerate(annotations_by_image(coco).values())
    ]
    theirs, their_seconds = _timed(partial(_official, *_official_input(coco, cells)))
    ours, seconds = _timed(partial(_ours, coco, cells))
    differences = {name: abs(theirs[name] - ours[name]) for name in theirs}
    return {
        "images": len(coco.images),
        "cells": len(coco.annotations),
        "predicted_cells": sum(len(own.scores) for own in cells),
        "pycocotools_s": round(their_seconds, 2),
        "all_scores_of_monolayer_s": round(seconds, 2),
        "ratio": round(their_seconds / seconds, 1),
        "largest_difference": max(differences.values()),
        "scores": {name: round(value, 6) for name, value in ours.items() if name in theirs},
    }


def _timed(function: Any) -> tuple[dict[str, float], float]:
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def _real_images(source: Path, copies: int) -> Coco:
    listed = Coco([], [])
    for path in sorted(source.rglob("livecell_coco_*.json")):
        coco = read_coco(path)
        groups = annotations_by_image(coco)
        for image in [own for own in coco.images if groups[own.id]] * copies:
            number = len(listed.images) + 1
            listed.images.append(msgspec.structs.replace(image, id=number))
            for cell in groups[image.id]:
                copied = msgspec.structs.replace(cell, id=len(listed.annotations) + 1, image_id=number)
                listed.annotations.append(copied)
    return listed


def _ours(coco: Coco, cells: list[Cells]) -> dict[str, float]:
    truth = [true_cells(image) for image in annotated_images(coco, coco.images)]
    images = [
        compare_cells(own, found.runs, found.scores, CellSettings())
        for own, found in zip(truth, cells, strict=True)
    ]
    return summarise_cells(images, CellSettings())["overall"]


def _official_input(coco: Coco, cells: list[Cells]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    truth: dict[str, Any] = {
        "images": [msgspec.structs.asdict(image) for image in coco.images],
        "annotations": [
            msgspec.structs.asdict(cell)
            | {name: msgspec.json.decode(getattr(cell, name)) for name in ("segmentation", "bbox")}
            for cell in coco.annotations
        ],
    }
    truth["categories"] = [{"id": 1, "name": "cell"}]
    results = []
    for image, found in zip(coco.images, cells, strict=True):
        codes = encode_cells(found, image.height, image.width)
        results += [
            {"image_id": image.id, "category_id": 1, "segmentation": code, "score": score}
            for code, score in zip(codes, found.scores.tolist(), strict=True)
        ]
    return truth, results


def _official(truth: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, float]:
    """As LIVECell's authors evaluate."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "segm")
        evaluation.params.maxDets = MAX_DETS
        evaluation.params.areaRng = [[0, 1e10], [0, 18**2], [18**2, 31**2], [31**2, 1e10]]
        evaluation.params.areaRngLbl = ["all", *SIZES]
        evaluation.evaluate()
        evaluation.accumulate()
    precision, recall = (evaluation.eval[name][..., 0, :, :] for name in ("precision", "recall"))
    values = {
        "ap": precision[..., 0, -1],
        "ap50": precision[0, :, 0, -1],
        "ap75": precision[5, :, 0, -1],
        **{f"ap_{size}": precision[..., place, -1] for place, size in enumerate(SIZES, start=1)},
        **{f"ar_{count}": recall[:, 0, place] for place, count in enumerate(MAX_DETS)},
        **{f"ar_{size}": recall[:, place, -1] for place, size in enumerate(SIZES, start=1)},
    }
    return {name: float(own[own > -1].mean()) for name, own in values.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
