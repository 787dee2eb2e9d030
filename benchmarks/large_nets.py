"""Memory of training, validation and prediction on one image of 10,000 x 10,000 pixels, by head.

``python -m benchmarks.large_nets`` writes benchmarks/results/large_nets.json: the peak of a process of
its own for each, with image and labels, in GB, with a small U-Net on a CPU. Decoding is not in it.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import RESULTS, machine, measure_python, write_result
from monolayer.annotations.coco import Image
from monolayer.images.normalisation import grey_histogram
from monolayer.training.packing import Packed

SMALL, LARGE = 512, 10_000
HEADS = ("foreground", "flow", "stardist")
ENTRY = {"architecture": "unet", "channels": [4, 8], "epochs": 1, "crops_per_epoch": 8}
PITCH, RADIUS = 50, 21
"""Cells stand on a grid of so many pixels: 40,000 of them."""

TRAIN = """
import json, sys
from pathlib import Path
from benchmarks.large_nets import large_image, peak_gb
from monolayer.compute.accelerator import on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.settings import PredictSettings, selected_model
from monolayer.models.base.views import TiledViews
from monolayer.training.fit import fit
from monolayer.training.settings import TrainSettings
settings, folder = selected_model({"models": {"m": json.loads(sys.argv[1])}}, "m"), Path(sys.argv[4])
train, val = (large_image(int(side)) for side in sys.argv[2:4])
compute, folders = on_this_machine(ComputeSettings(threads=1)), (folder / "running", folder / "logs")
fit(settings, TrainSettings(), compute, train, val, 0, *folders, TiledViews(PredictSettings()))
print(peak_gb())
"""
PREDICT = """
import json, sys
from benchmarks.large_nets import large_image, peak_gb
from monolayer.inference.whole_image import predict_maps
from monolayer.models.base.model import build_model
from monolayer.models.base.settings import PredictSettings, selected_model
import torch
torch.set_num_threads(1)
settings = selected_model({"models": {"m": json.loads(sys.argv[1])}}, "m")
pixels, _ = large_image(int(sys.argv[2])).image(0)
predict_maps(build_model(settings).eval(), pixels, PredictSettings())
print(peak_gb())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", nargs="+", default=HEADS)
    given = parser.parse_args()
    path = RESULTS / "large_nets.json"
    known = json.loads(path.read_text())["peak_gb"] if path.exists() else {}
    own = machine()
    peaks = known | {head: _peaks(head) for head in given.heads}
    write_result("large_nets", {"machine": own, "side": LARGE, "peak_gb": peaks})


def _peaks(head: str) -> dict[str, float]:
    entry, small, large = json.dumps(ENTRY | {"head": {"method": head}}), str(SMALL), str(LARGE)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        calls = {
            "training": (TRAIN, large, small, one),
            "validation": (TRAIN, small, large, other),
            "prediction": (PREDICT, large),
        }
        peaks = {}
        for name, (code, *arguments) in calls.items():
            peaks[name] = round(float(measure_python(code, entry, *arguments).output.split()[-1]), 2)
            print(f"{head}, {name}: {peaks[name]} GB", flush=True)
    return peaks


def large_image(side: int) -> Packed:
    """Return an image of discs, as `read_packed` does."""
    rows, columns = np.indices((PITCH, PITCH)) - PITCH // 2
    disc = rows**2 + columns**2 < RADIUS**2
    grid = -(-side // PITCH)
    labels = np.arange(1, grid**2 + 1, dtype=np.uint16).reshape(grid, grid)
    labels = (np.kron(labels, np.ones((PITCH, PITCH), np.uint16)) * np.tile(disc, (grid, grid)))[:side, :side]
    rough = np.random.default_rng(0).integers(98, 158, (side, PITCH), dtype=np.uint8)
    image = np.tile(rough, (1, grid))[:, :side]
    image[labels == 0] = 128
    return Packed(
        pixels=image.ravel(),
        labels=labels.ravel(),
        foreground=(labels > 0).sum(axis=1, dtype=np.int32),
        histograms=grey_histogram(image)[None],
        images=[Image(1, "large.tif", side, side)],
        digest="",
    )


def peak_gb() -> float:
    """Return the most memory that this process has had, in 1e9 bytes."""
    status = Path("/proc/self/status").read_text()
    return 1.024e-6 * int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
