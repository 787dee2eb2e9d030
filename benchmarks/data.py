"""The data stages on a full-size rehearsal of LIVECell: seconds and peak memory, next to naive peers.

``python -m benchmarks.data`` builds the rehearsal below .scratch/rehearsal (once, slowly) and writes
benchmarks/results/data.json.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image as PillowImage

from benchmarks.measure import ROOT, Cost, machine, measure, measure_python, write_result
from benchmarks.peers import READ, SAMPLE_AND_MASKS, ann_to_mask_labels, opencv_foreground
from benchmarks.rehearsal import build
from monolayer.annotations.coco import annotations_by_image, decode_segmentation, read_coco
from monolayer.annotations.label_images import label_image
from monolayer.annotations.rasterise import foreground_mask
from monolayer.images.files import write_mask, write_tiff

REHEARSAL = ROOT / ".scratch" / "rehearsal"
OURS_READ = """
import sys; from pathlib import Path; from monolayer.annotations.coco import annotations_by_image, read_coco
annotations_by_image(read_coco(Path(sys.argv[1])))
"""
FRACTIONS = (0.1, 0.3, 1.0)
PEER_FRACTION = 0.1
IMAGES_TIMED = 120
READINGS = 3


def main() -> None:
    build(REHEARSAL)
    annotations = REHEARSAL / "annotations"
    train = annotations / "train.json"
    result: dict[str, Any] = {"machine": machine(), "rehearsal": _size(annotations)}
    result["read_train_json"] = {
        "megabytes": round(train.stat().st_size / 1e6),
        "monolayer": _median_cost(OURS_READ, train),
        "pycocotools": _median_cost(READ, train),
    }
    result["masks_ms_per_image"] = _masks(annotations / "val.json")
    result["stages"] = {str(fraction): _stages(fraction) for fraction in FRACTIONS}
    result["peer"] = _peer(train)
    write_result("data", result)


def _size(annotations: Path) -> dict[str, int]:
    splits = [read_coco(path) for path in sorted(annotations.glob("*.json"))]
    return {
        "images": sum(len(split.images) for split in splits),
        "cells": sum(len(split.annotations) for split in splits),
    }


def _cost(cost: Cost) -> dict[str, float]:
    return {"seconds": cost.seconds, "peak_gb": cost.peak_gb}


def _median_cost(code: str, path: Path) -> dict[str, float]:
    costs = sorted(measure_python(code, str(path)) for _ in range(READINGS))
    return _cost(costs[READINGS // 2])


def _stages(fraction: float) -> dict[str, Any]:
    """Run sample, deduplicate and masks on a fraction of the rehearsal, each as DVC would."""
    with tempfile.TemporaryDirectory(dir=REHEARSAL) as folder:
        workspace = Path(folder)
        parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
        parameters["dataset"] = "livecell"
        parameters["sample"]["fraction"] = fraction
        (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))
        images = str(REHEARSAL / "images")
        commands = {
            "sample": ["--annotations", str(REHEARSAL / "annotations"), "--out", "sampled"],
            "deduplicate": [
                "--sampled",
                "sampled",
                "--images",
                images,
                "--out",
                "clean",
                "--metrics",
                "m.json",
                "--total-removed",
                "n.json",
            ],
            "masks": ["--annotations", "clean", "--out", "masks"],
        }
        costs = {
            stage: measure(sys.executable, "-m", f"stages.{stage}", *flags, cwd=workspace)
            for stage, flags in commands.items()
        }
        images_left = sum(len(read_coco(path).images) for path in (workspace / "clean").glob("*.json"))
    seconds = sum(cost.seconds for cost in costs.values())
    return {
        **{stage: _cost(cost) for stage, cost in costs.items()},
        "images_after_cleaning": images_left,
        "seconds": round(seconds, 1),
        "ms_per_image": round(1000 * seconds / images_left, 1),
        "peak_gb": max(cost.peak_gb for cost in costs.values()),
    }


def _peer(train: Path) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(dir=REHEARSAL))
    cost = measure_python(SAMPLE_AND_MASKS, str(train), str(folder), str(PEER_FRACTION))
    shutil.rmtree(folder)
    return {
        "steps": "COCO index, sample, semantic masks with OpenCV",
        "fraction": PEER_FRACTION,
        **_cost(cost),
    }


def _masks(path: Path) -> dict[str, float]:
    """Time the drawing and writing of masks, one process, the ways in turn on the same images."""
    coco = read_coco(path)
    groups = annotations_by_image(coco)
    decoded = {
        image.id: [decode_segmentation(annotation.segmentation) for annotation in groups[image.id]]
        for image in coco.images[:IMAGES_TIMED]
    }
    with tempfile.TemporaryDirectory(dir=REHEARSAL) as name:
        folder = Path(name)
        ways = _ways(folder, coco.images[0].height, coco.images[0].width)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for image in coco.images[:IMAGES_TIMED]:
            raw = [annotation.segmentation for annotation in groups[image.id]]
            for way, draw in ways.items():
                start = time.perf_counter()
                draw(raw if way.startswith("monolayer") else decoded[image.id])
                times[way].append(time.perf_counter() - start)
    return {way: round(1000 * float(np.mean(seconds)), 2) for way, seconds in times.items()}


def _ways(folder: Path, height: int, width: int) -> dict[str, Callable[[list[Any]], None]]:
    def ours_semantic(cells: list[Any]) -> None:
        write_mask(folder / "a.png", foreground_mask(cells, height, width))

    def ours_both(cells: list[Any]) -> None:
        labels = label_image(cells, height, width)
        write_tiff(folder / "a.tif", labels)
        write_mask(folder / "a.png", labels > 0)

    def opencv(cells: list[Any]) -> None:
        PillowImage.fromarray(opencv_foreground(cells, height, width)).save(folder / "b.png")

    def ann_to_mask(cells: list[Any]) -> None:
        labels = ann_to_mask_labels(cells, height, width)
        PillowImage.fromarray(labels).save(folder / "c.tif")
        PillowImage.fromarray(((labels > 0) * 255).astype(np.uint8)).save(folder / "c.png")

    return {
        "monolayer_semantic": ours_semantic,
        "opencv_semantic": opencv,
        "monolayer_instance_and_semantic": ours_both,
        "ann_to_mask_instance_and_semantic": ann_to_mask,
    }


if __name__ == "__main__":
    main()
