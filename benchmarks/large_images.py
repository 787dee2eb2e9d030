"""Memory of the data stages on images of 8,192 x 8,192 pixels with 20,000 cells, in bytes a pixel.

``python -m benchmarks.large_images`` writes benchmarks/results/large_images.json, of images of 8 and of 16
bits; with ``--before b7dd20c`` the same of an earlier state. A stage's memory is that of the whole process
beyond what it takes on small images; a function's is what it takes beyond its arguments, with its result.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml

from benchmarks.measure import RESULTS, ROOT, machine, measure, measure_python, write_result
from monolayer.annotations.coco import SPLITS, Annotation, Coco, Image, write_coco
from monolayer.annotations.label_images import label_image
from monolayer.images.files import write_tiff

SIDES = {"small": 512, "large": 8192}
DEPTHS = {"": 1, "_16_bits": 100}
"""What grey levels of 0..255 are multiplied by, for the file."""
PITCH, RADIUS, CORNERS = 58, 22, 40
"""Cells stand on a grid of so many pixels, which leaves 20,000 in a large image."""

STAGES = {
    "deduplicate": (
        "--sampled {0}/annotations --images {0}/images --out clean --metrics m.json --total-removed n.json"
    ),
    "masks": "--annotations {0}/annotations --out masks",
    "pack": "--annotations {0}/annotations --images {0}/images --masks masks --out packed",
    "explore": (
        "--annotations {0}/annotations --images {0}/images --masks masks --tables tables --metrics m.json "
        "--total-images n.json --total-cells c.json --plots plots"
    ),
    "baseline": (
        "--annotations {0}/annotations --images {0}/images --masks masks --metrics m.json --by-image b.json "
        "--table t.csv --plots plots"
    ),
}

_CELLS = "cells = [a.segmentation for a in read_coco(folder / 'annotations/test.json').annotations]"
_IMAGE = "image = np.load(folder / 'image.npy')"
_FOREGROUND = "foreground = np.load(folder / 'foreground.npy')"
_COCO = "from monolayer.annotations.coco import read_coco"
FUNCTIONS = {
    "read_image": (
        "from monolayer.images.files import read_image",
        "",
        "read_image(folder / 'images/test.tif')",
    ),
    "foreground_mask": (
        f"{_COCO}; from monolayer.annotations.rasterise import foreground_mask",
        _CELLS,
        "foreground_mask(cells, side, side)",
    ),
    "label_image": (
        f"{_COCO}; from monolayer.annotations.label_images import label_image",
        _CELLS,
        "label_image(cells, side, side)",
    ),
    "local_variance": (
        "from monolayer.cleaning.texture import local_variance",
        _IMAGE,
        "local_variance(image)",
    ),
    "fingerprint": (
        "from monolayer.cleaning.fingerprint import fingerprint",
        "variance = np.random.default_rng(0).random((side // 4, side // 4))",
        "fingerprint(variance)",
    ),
    "annotation_coverage": (
        "from monolayer.cleaning.completeness import annotation_coverage",
        f"{_FOREGROUND}; variance = np.random.default_rng(0).random((side // 4, side // 4))",
        "annotation_coverage(variance, foreground)",
    ),
    "digest": ("from monolayer.cleaning.survey import digest", _IMAGE, "digest(image)"),
    "histogram_threshold": (
        "from monolayer.baseline.thresholds import histogram_threshold",
        _IMAGE,
        "histogram_threshold(image, 'otsu')",
    ),
    "dilate_erode": (
        "from monolayer.baseline.thresholds import dilate_erode",
        _FOREGROUND,
        "dilate_erode(foreground, 9, 11)",
    ),
    "texture_threshold": (
        "from monolayer.baseline.texture import TextureSettings, texture_threshold",
        _IMAGE,
        "texture_threshold(image, TextureSettings())",
    ),
    "confusion": (
        "from monolayer.metrics.overlap import confusion",
        f"{_FOREGROUND}; found = foreground.copy()",
        "confusion(foreground, found)",
    ),
}
FUNCTION = """
import re, sys
from pathlib import Path
import numpy as np
{imports}
def peak():  # getrusage would count what the process that started this one had at its fork
    return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])
for size in sorted({sides}, key={sides}.get):  # the small one loads what stays
    folder, side = Path(sys.argv[1]) / size, {sides}[size]
    {arguments}
    before = peak()
    result = {call}
print((peak() - before) / side**2)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="REVISION")
    given = parser.parse_args()
    path = RESULTS / "large_images.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result |= {"machine": machine(), "pixels": SIDES["large"] ** 2, "cells": len(_outlines(SIDES["large"]))}
    data = ROOT / ".scratch" / "large_images"
    for depth, factor in DEPTHS.items():
        for size, side in SIDES.items():
            _write_data(data / f"{size}{depth}", side, factor)
    with tempfile.TemporaryDirectory(dir=data) as name:
        folder = Path(name)
        if given.before:
            _unpack(given.before, folder)
        numbers = {f"stages{depth}": _stages(folder, data, depth) for depth in DEPTHS}
        numbers["functions"] = _functions(folder, data)
    if given.before:
        result["bytes_a_pixel_before"] = {"revision": given.before, **numbers}
    else:
        result["bytes_a_pixel"] = numbers
    write_result("large_images", result)


def _unpack(revision: str, folder: Path) -> None:
    # Python looks for modules in the working folder first.
    archive = folder / "code.tar"
    subprocess.run(
        ["git", "archive", "-o", str(archive), revision, "monolayer", "stages"], cwd=ROOT, check=True
    )
    shutil.unpack_archive(archive, folder)


def _stages(folder: Path, data: Path, depth: str) -> dict[str, float]:
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    parameters["compute"]["jobs"] = 1
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters))
    peaks: dict[str, dict[str, float]] = {}
    for size in SIDES:
        peaks[size] = {}
        for stage, flags in STAGES.items():
            command = ["python", "-m", f"stages.{stage}", *flags.format(data / f"{size}{depth}").split()]
            peaks[size][stage] = measure(*command, cwd=folder).peak_gb
        for out in ("clean", "masks", "packed", "tables", "plots"):
            shutil.rmtree(folder / out)
    more = SIDES["large"] ** 2 - SIDES["small"] ** 2
    return {stage: round((peaks["large"][stage] - peaks["small"][stage]) * 1e9 / more, 1) for stage in STAGES}


def _functions(folder: Path, data: Path) -> dict[str, float]:
    numbers = {}
    for name, (imports, arguments, call) in FUNCTIONS.items():
        code = FUNCTION.format(imports=imports, arguments=arguments, call=call, sides=SIDES)
        numbers[name] = round(float(measure_python(code, str(data), cwd=folder).output), 1)
    return numbers


def _outlines(side: int) -> list[list[list[float]]]:
    turn = 2 * np.pi * np.arange(CORNERS) / CORNERS
    disc = RADIUS * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    middles = np.arange(PITCH / 2, side, PITCH)
    return [[np.round(disc + np.array([x, y]), 2).ravel().tolist()] for y in middles for x in middles]


def _write_data(folder: Path, side: int, factor: int) -> None:
    """Write an image of each split, all with the same cells, and what functions get as their arguments."""
    if folder.exists():
        return
    partial = folder.with_name(folder.name + ".part")
    (partial / "images").mkdir(parents=True)
    outlines = [msgspec.Raw(msgspec.json.encode(outline)) for outline in _outlines(side)]
    foreground = label_image(outlines, side, side) > 0
    np.save(partial / "foreground.npy", foreground)
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng(number)
        image = _rendered(rng, foreground, factor)
        np.save(partial / "image.npy", image)
        write_tiff(partial / "images" / f"{split}.tif", image)
        cells = [
            Annotation(n, number + 1, outline, 1520.0, msgspec.Raw(b"[0, 0, 44, 44]"))
            for n, outline in enumerate(outlines, start=1)
        ]
        coco = Coco([Image(number + 1, f"{split}.tif", side, side)], cells)
        write_coco(partial / "annotations" / f"{split}.json", coco)
    partial.rename(folder)


def _rendered(rng: np.random.Generator, foreground: np.ndarray, factor: int) -> np.ndarray:
    """Even ground, rough cells; brighter in some places than in others, differently in each image."""
    image = np.empty(foreground.shape, np.uint8 if factor == 1 else np.uint16)
    places = np.kron(rng.integers(100, 156, (16, 16)), np.ones(np.array(foreground.shape) // 16, np.uint8))
    for row, covered in enumerate(foreground):
        noise = rng.standard_normal(len(covered)) * np.where(covered, 15, 1.0)
        image[row] = np.clip(places[row] + noise, 0, 255) * factor
    return image


if __name__ == "__main__":
    main()
