"""Peak memory, in bytes a pixel, and seconds of each step on the cells of one large image.

``python -m benchmarks.large_label_images`` draws 20,000 cells of 2,000 pixels in an image of 8,192 x 8,192
pixels and writes benchmarks/results/large_label_images.json. Each step runs in a process of its own; what it
reads is made before its memory is counted, and what it returns counts. Linux alone tells the peaks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.measure import ROOT, machine, write_result
from monolayer.annotations.coco import Annotation as CocoAnnotation
from monolayer.annotations.coco import Coco, Image, read_coco, write_coco
from monolayer.annotations.label_images import MaskSettings, label_image
from monolayer.annotations.rasterise import cell_runs, foreground_mask, label_runs, painted
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.operating_point import choose_score_floor, choose_threshold
from monolayer.evaluation.settings import CellSettings
from monolayer.evaluation.split import evaluate_split
from monolayer.evaluation.tasks import TruthTask, truth_tasks
from monolayer.exploration.measurements import Measurements, read_measurements
from monolayer.exploration.summary import image_facts
from monolayer.images.label_files import read_labels
from monolayer.images.mask_files import write_mask_files
from monolayer.predictions.cells import Cells, Prediction, best_scores, cells_of_labels, encode_cells
from monolayer.predictions.files import read_results, write_predictions
from monolayer.predictions.submission import separate_cells, submission_text

SIDE, CELLS = 8192, 20_000
RADIUS = 25
CORNERS = 40
HERE = ComputeSettings(jobs=1)
Step = Callable[[], object]


def make(folder: Path, side: int, cells: int) -> None:
    """Write annotations, and predictions that are the same cells a few pixels away."""
    rng = np.random.default_rng(0)
    middles = rng.uniform(0, side, (cells, 2))
    truth, found = _coco(middles, side, rng), _coco(middles + rng.normal(0, 4, middles.shape), side, rng)
    for name, coco in (("truth", truth), ("found", found)):
        write_coco(folder / f"{name}.json", coco)
    segmentations = [annotation.segmentation for annotation in found.annotations]
    labels = label_image(segmentations, side, side)
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    probability = (labels > 0).astype(np.float32)
    prediction = Prediction(probability, cells_of_labels(labels, probability))
    write_predictions(folder, "test", [([1], prediction)])
    write_mask_files(folder / "truth.json", folder / "masks", "test", MaskSettings(), HERE)


def _coco(middles: np.ndarray, side: int, rng: np.random.Generator) -> Coco:
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    annotations = []
    for number, middle in enumerate(middles, start=1):
        outline = middle + circle * RADIUS * rng.uniform(0.8, 1.2, (CORNERS, 1))
        text = msgspec.json.encode([np.round(outline, 2).ravel().tolist()])
        box = msgspec.Raw(b"[0,0,50,50]")
        annotations.append(CocoAnnotation(number, 1, msgspec.Raw(text), 2000.0, box))
    return Coco([Image(1, "large.tif", side, side)], annotations)


def steps(folder: Path, side: int) -> dict[str, Callable[[], Step]]:
    """Return what makes each step ready; what that returns is the step."""

    def truth() -> Coco:
        return read_coco(folder / "truth.json")

    def measured() -> Measurements:
        return read_measurements(folder / "truth.json")

    def segmentations() -> list[msgspec.Raw]:
        return [annotation.segmentation for annotation in truth().annotations]

    def tasks() -> list[TruthTask]:
        coco = truth()
        return truth_tasks(coco, folder / "foreground/test", read_results(folder / "test.json", coco.images))

    def labels() -> np.ndarray:
        return read_labels(folder / "masks", "test", truth().images[0])

    def prediction() -> Prediction:
        own = labels()
        own = np.unique(own, return_inverse=True)[1].reshape(own.shape).astype(np.int32)
        probability = (own > 0).astype(np.float32)
        return Prediction(probability, cells_of_labels(own, probability))

    def found() -> Cells:
        runs = cell_runs(segmentations(), side, side)
        return Cells(runs, np.linspace(0, 1, len(segmentations())))

    def ready(function: Callable[..., object], *inputs: Any) -> Callable[[], Step]:
        def step() -> Step:
            values = [value() if callable(value) else value for value in inputs]
            return lambda: function(*values)

        return step

    evaluated = ("model", "test", "clean", 0.5, 0.0, CellSettings(), HERE)
    return {
        "cell_runs": ready(cell_runs, segmentations, side, side),
        "label_image": ready(label_image, segmentations, side, side),
        "foreground_mask": ready(foreground_mask, segmentations, side, side),
        "masks": ready(
            write_mask_files, folder / "truth.json", folder / "again", "test", MaskSettings(), HERE
        ),
        "read_labels": ready(labels),
        "label_runs": ready(label_runs, labels),
        "painted": ready(painted, lambda: label_runs(labels()), side, side),
        "cells_of_labels": ready(lambda own: cells_of_labels(own, np.ones(own.shape, np.float32)), labels),
        "encode_cells": ready(lambda own: encode_cells(own.cells, side, side), prediction),
        "write_predictions": ready(
            lambda own: write_predictions(folder / "again", "test", [([1], own)]), prediction
        ),
        "best_scores": ready(best_scores, found, side, side),
        "separate_cells": ready(separate_cells, found, side, side),
        "submission": ready(
            lambda own: submission_text(own.images, read_results(folder / "test.json", own.images), "rows"),
            truth,
        ),
        "choose_threshold": ready(choose_threshold, tasks, HERE),
        "choose_score_floor": ready(choose_score_floor, tasks, HERE),
        "evaluate": ready(evaluate_split, tasks, *evaluated),
        "explore": ready(image_facts, measured, "test", folder / "masks/semantic/test", HERE),
    }


def peak_of(step: Step) -> tuple[int, float]:
    """Return the resident bytes that a step takes beyond those before it, at most, and its seconds."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    start = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - start
    peak = _status("VmHWM") - before
    del result
    return peak, seconds


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--step", help="run this one alone, on the files in --folder")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    if chosen.step:
        peak, seconds = peak_of(steps(chosen.folder, chosen.side)[chosen.step]())
        print(json.dumps({"bytes_per_pixel": round(peak / chosen.side**2, 2), "seconds": round(seconds, 2)}))
        return
    result: dict[str, Any] = {"machine": machine(), "side": chosen.side, "cells": chosen.cells, "steps": {}}
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), chosen.side, chosen.cells)
        for step in steps(Path(name), chosen.side):
            command = [sys.executable, "-m", "benchmarks.large_label_images", "--step", step]
            command += ["--folder", name, "--side", str(chosen.side)]
            output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
            result["steps"][step] = json.loads(output.splitlines()[-1])
            print(step, result["steps"][step])
    write_result("large_label_images", result)


if __name__ == "__main__":
    main()
