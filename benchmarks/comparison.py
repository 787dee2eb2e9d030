"""The comparison of 13 models on a test set of LIVECell's size: AP's draws, and the compare stage.

``python -m benchmarks.comparison`` simulates what a model's cells share with the true ones in as many images
as LIVECell's test set has, and writes benchmarks/results/comparison.json. Seconds of the draws are of one
thread; those of all models are 13 times those of one. Beside them stand the same draws by looking at every
detection at every IoU.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.evaluation import NO_TRAINING
from benchmarks.measure import ROOT, machine, measure, write_result
from monolayer.annotations.coco import Image
from monolayer.evaluation.cells import ImageCells
from monolayer.evaluation.foreground import ImageScore
from monolayer.evaluation.image_tables import table_of_model, table_of_threshold, write_image_tables
from monolayer.evaluation.settings import CompareSettings
from monolayer.metrics.average_precision import RankedCells
from monolayer.metrics.cells import count_cells
from monolayer.metrics.detected_cells import size_class
from monolayer.metrics.instance_overlap import InstanceOverlap
from monolayer.metrics.ranked_detections import (
    IOU,
    RECALLS,
    RankedDetections,
    drawn_average_precision,
    rank_detections,
)
from monolayer.synthesis.cell_types import CELL_TYPES

IMAGES, CELLS = 1512, 299
"""Of LIVECell's test set, and cells of an image on average."""
MODELS = [f"model-{number}" for number in range(13)]
MAX_DETS = 2000
SLOW_DRAWS = 3
PIXELS = 520 * 704


def main() -> None:
    settings = CompareSettings(**yaml.safe_load((ROOT / "params.yaml").read_text())["compare"])
    rng = np.random.default_rng(0)
    cells = [_image_of_cells(number, rng) for number in range(1, IMAGES + 1)]
    detections = rank_detections([(own.ranked.overlap, own.ranked.scores) for own in cells], MAX_DETS)
    result = {"machine": machine(), "images": IMAGES, "cells": int(detections.true.sum())}
    result |= {"detections": len(detections.score), "models": len(MODELS), "draws": settings.ap_resamples}
    result |= {"a_draw": _a_draw(detections, rng)}
    scores = [_foreground(own.image, rng) for own in cells]
    table, seconds = _timed(lambda: table_of_model(scores, cells, MAX_DETS, settings))
    compared = _compare(dict.fromkeys(MODELS, table), scores)
    result |= {"draws_of_one_model_cpu_s": round(seconds, 1), "compare_stage": compared}
    result["draws_of_all_models_and_compare_s"] = round(len(MODELS) * seconds + compared["seconds"], 1)
    write_result("comparison", result)


def _image_of_cells(number: int, rng: np.random.Generator) -> ImageCells:
    """Nine cells of ten are found, more or less well, each with a bit of the next; a tenth more are false."""
    kind = list(CELL_TYPES)[number % len(CELL_TYPES)]
    well = f"{'ABCDEFGH'[number % 8]}{1 + number // 8 % 12}"
    image = Image(number, f"{kind}_Phase_{well}_1_00d{number // 96:02d}h00m_1.tif", 704, 520, kind)
    count = 1 + int(rng.gamma(2, CELLS / 2))
    areas = 20 + rng.gamma(2, 300, count).astype(np.int64)
    true = np.flatnonzero(rng.random(count) < 0.9)
    own = np.maximum(areas[true] * rng.normal(1, 0.1, len(true)), 10).astype(np.int64)
    found = np.append(own, 10 + rng.gamma(2, 200, count // 10).astype(np.int64))
    shared = np.maximum(np.minimum(areas[true], own) * rng.beta(8, 1.5, len(true)), 1)
    pairs = np.stack([np.append(true, np.minimum(true + 1, count - 1)), np.tile(np.arange(len(true)), 2)])
    (first, second), place = np.unique(pairs, axis=1, return_index=True)
    overlap = InstanceOverlap(
        areas, found, first, second, np.append(shared, 0.02 * shared + 1)[place].astype(int)
    )
    outlines = np.array([900, 1000, 900, 1000])
    counts = count_cells(overlap, size_class(areas), size_class(found), outlines)
    return ImageCells(image, counts, RankedCells(overlap, areas * 1.0, rng.beta(5, 2, len(found)).round(4)))


def _foreground(image: Image, rng: np.random.Generator) -> ImageScore:
    right, false, missed = (int(part * PIXELS) for part in rng.uniform(0, [0.5, 0.1, 0.1]))
    fields = ("model", "test", "clean", image.id, image.file_name, str(image.cell_type))
    return ImageScore(*fields, right, false, missed, PIXELS - right - false - missed)


def _a_draw(detections: RankedDetections, rng: np.random.Generator) -> dict[str, float]:
    """Return the milliseconds of one draw's AP, as it is done and by looking at every detection."""
    draws = rng.multinomial(IMAGES, np.full(IMAGES, 1 / IMAGES), SLOW_DRAWS * 10)
    quick, seconds = _timed(lambda: drawn_average_precision(detections, draws)["ap"])
    slow, slow_seconds = _timed(lambda: [_every_detection(detections, own) for own in draws[:SLOW_DRAWS]])
    return {
        "cpu_ms": round(1e3 * seconds / len(draws), 2),
        "every_detection_cpu_ms": round(1e3 * slow_seconds / SLOW_DRAWS, 1),
        "ratio": round(slow_seconds / SLOW_DRAWS * len(draws) / seconds, 1),
        "largest_difference": float(np.abs(quick[:SLOW_DRAWS] - slow).max()),
    }


def _every_detection(detections: RankedDetections, weights: np.ndarray) -> float:
    drawn, true = weights[detections.image], weights @ detections.true
    curves = []
    for place in range(len(IOU)):
        right = np.cumsum(drawn * detections.right[:, place])
        precision = right / np.maximum(np.cumsum(drawn), 1)
        best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
        curves.append(best[np.searchsorted(right / true, RECALLS)].mean())
    return float(np.mean(curves))


def _timed(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return function(), time.process_time() - start


def _compare(tables: dict[str, Any], scores: list[ImageScore]) -> dict[str, float]:
    """Run the compare stage on what the evaluate and the baseline stages write."""
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        (workspace / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        for model, table in tables.items():
            write_image_tables(workspace / "by_image" / f"{model}.json", {model: table})
        write_image_tables(workspace / "by_image" / "baseline.json", {"otsu": table_of_threshold(scores)})
        (workspace / "models.json").write_text(json.dumps({"models": list(tables)}))
        (workspace / "train").mkdir()
        history = {"train_loss": [1.0], "val_loss": [1.0], "val_dice": [0.5]}
        for model in tables:
            training = json.dumps(NO_TRAINING | {"history": history})
            (workspace / "train" / f"{model}.json").write_text(training)
        flags = ["--models", "models.json", "--by-image", "by_image", "--trainings", "train"]
        flags += ["--metrics", "comparison.json", "--plots", "plots"]
        cost = measure(sys.executable, "-m", "stages.compare", *flags, cwd=workspace)
    return {"seconds": cost.seconds, "peak_gb": cost.peak_gb}


if __name__ == "__main__":
    main()
