"""Thousands of images of 2,048 x 2,048 pixels, 16 bit: seconds and peak memory of each data stage.

``python -m benchmarks.large_set`` runs the stages from download to baseline, as dvc.yaml has them, on 250 and
on 1,000 images; ``--images 1000 10000`` on as many. It writes benchmarks/results/large_set.json: peak memory
must not grow to more than 2 GB, and time no faster than the images.

No image is like another, but all are made of the same `STRIPS` compressed strips in another order, so that
making them takes no longer than writing them. An image takes about 1 MB, twice: as given, and in data/raw.
Packed, it takes 17 MB: only as many images as `--packed` says, or fewer, are packed.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import msgspec
import numpy as np
import tifffile
import yaml

from benchmarks.measure import ROOT, machine, measure, write_result
from monolayer.annotations.polygons import inside

SIDE = 2048
ROWS = 256
"""Of a strip."""
STRIPS = 80
CORNERS = 20
STAGES = ("download", "sample", "deduplicate", "masks", "explore", "baseline", "pack")
LIMIT_GB = 2.0


class Strip(NamedTuple):
    """A part of an image, as wide as the image."""

    encoded: bytes
    """Its pixels, compressed."""
    outlines: list[np.ndarray]
    """Of its cells, float64 [CORNERS, 2], x and y from its upper left corner."""


def render_strip(seed: int, cells: int) -> Strip:
    """Draw so many cells, rough on an even background, in the camera's 12 of 16 bits."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    radii = rng.uniform(8, 16, cells)
    middles = rng.uniform(radii[:, None] + 1, [SIDE, ROWS] - radii[:, None] - 1)
    outlines = [np.round(middle + radius * circle, 1) for middle, radius in zip(middles, radii, strict=True)]
    start, end, _ = inside([outline.ravel().tolist() for outline in outlines], ROWS, SIDE)
    mask = np.zeros(ROWS * SIDE, dtype=bool)
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        mask[first:last] = True
    background = 1000 + 8 * rng.integers(0, 2, (SIDE, ROWS))
    pixels = np.where(mask.reshape(SIDE, ROWS), rng.integers(500, 2000, (SIDE, ROWS)), background)
    return Strip(imagecodecs.zlib_encode(pixels.T.astype("<u2").tobytes(), level=1), outlines)


def build(folder: Path, images: int, cells: int) -> None:
    """Write images/ and annotations.json in COCO's form below `folder`, piece by piece."""
    per_image = SIDE // ROWS
    strips = [render_strip(seed, cells // per_image) for seed in range(STRIPS)]
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(STRIPS), (images, 1)), axis=1)[:, :per_image]
    (folder / "images").mkdir(parents=True)
    for number, order in enumerate(orders):
        tifffile.imwrite(
            folder / "images" / f"{number:06d}.tif",
            (strips[place].encoded for place in order),
            shape=(SIDE, SIDE), dtype="<u2", compression="zlib", rowsperstrip=ROWS, metadata=None,
        )  # fmt: skip
    with (folder / "annotations.json").open("wb") as file:
        listed = [
            {"id": number, "file_name": f"{number:06d}.tif", "width": SIDE, "height": SIDE}
            for number in range(images)
        ]
        file.write(b'{"categories":[{"id":1,"name":"cell"}],"images":' + msgspec.json.encode(listed))
        file.write(b',"annotations":[')
        for image_id, order in enumerate(orders):
            outlines = [
                outline + np.array([0, ROWS * row])
                for row, place in enumerate(order)
                for outline in strips[place].outlines
            ]
            file.write(b",\n" if image_id else b"")
            file.write(msgspec.json.encode(list(_annotations(outlines, image_id)))[1:-1])
        file.write(b"]}")


def _annotations(outlines: list[np.ndarray], image_id: int) -> Iterator[dict[str, Any]]:
    for number, outline in enumerate(outlines):
        left, top = outline.min(axis=0)
        right, bottom = outline.max(axis=0)
        yield {
            "id": image_id * 10_000 + number,
            "image_id": image_id,
            "category_id": 1,
            "segmentation": [np.round(outline, 1).ravel().tolist()],
            "bbox": np.round([left, top, right - left, bottom - top], 1).tolist(),
            "iscrowd": 0,
        }


def prepare(workspace: Path, images: int, cells: int) -> None:
    """Write the data, and params.yaml that names them."""
    build(workspace / "given", images, cells)
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    parameters["dataset"] = "own"
    parameters["datasets"]["own"] |= {"images": "given/images", "annotations": "given/annotations.json"}
    (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))


def run_stages(workspace: Path, stages: list[str]) -> dict[str, dict[str, float]]:
    """Run the stages, each as DVC would."""
    dag = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    costs = {}
    for stage in stages:
        for out in ("data", "metrics", "plots"):
            (workspace / out).mkdir(exist_ok=True)
        python, *command = dag[stage]["cmd"].split()
        assert python == "python"
        cost = measure(sys.executable, *command, cwd=workspace)
        costs[stage] = {"seconds": cost.seconds, "peak_gb": cost.peak_gb}
        print(f"  {stage}: {costs[stage]}", flush=True)
    return costs


def rehearse(folder: Path, images: int, cells: int, packed: int) -> dict[str, Any]:
    """Run all stages on so many images; of more than `packed`, all but pack."""
    print(f"{images} images", flush=True)
    stages = [stage for stage in STAGES if stage != "pack" or images <= packed]
    with tempfile.TemporaryDirectory(dir=folder) as name:
        workspace = Path(name)
        prepare(workspace, images, cells)
        given = sum(path.stat().st_size for path in (workspace / "given").rglob("*") if path.is_file())
        costs = run_stages(workspace, stages)
        removed = (workspace / "metrics" / "removed.json").read_text()
    return {"given_gb": round(given / 1e9, 2), "stages": costs, **msgspec.json.decode(removed)}


def verdict(sizes: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return each stage's highest peak, and how much longer it took for each image of the larger set."""
    small, large = min(sizes), max(sizes)
    verdicts = {}
    for stage in sizes[small]["stages"]:
        own = {
            images: result["stages"][stage] for images, result in sizes.items() if stage in result["stages"]
        }
        verdicts[stage] = {
            "peak_gb": max(cost["peak_gb"] for cost in own.values()),
            "below_limit": max(cost["peak_gb"] for cost in own.values()) < LIMIT_GB,
        }
        if large in own and large > small:
            growth = own[large]["seconds"] / own[small]["seconds"] / (large / small)
            verdicts[stage]["time_per_image_grows"] = round(growth, 2)
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--cells", type=int, default=100, help="of each image")
    parser.add_argument("--packed", type=int, default=1000, help="pack only sets of up to so many images")
    parser.add_argument("--folder", type=Path, default=ROOT / ".scratch", help="where there is room")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    sizes = {images: rehearse(chosen.folder, images, chosen.cells, chosen.packed) for images in chosen.images}
    room = round(shutil.disk_usage(chosen.folder).total / 1e9)
    result = {"machine": machine(), "disk_gb": room, "cells_per_image": chosen.cells, "sizes": sizes}
    write_result("large_set", {**result, "verdict": verdict(sizes)})


if __name__ == "__main__":
    main()
