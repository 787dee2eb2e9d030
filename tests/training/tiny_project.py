"""A tiny project: three images of textured discs, in the layout that the stages before training write."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tifffile
import torch
import yaml

from monolayer.annotations.coco import Coco, Image, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import write_tiff
from monolayer.images.normalisation import grey_histogram
from monolayer.training.crops import Crops
from monolayer.training.packing import Packed, pack_split
from stages.train import train

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "architecture": "unet",
    "channels": [4, 8],
    "epochs": 3,
    "crops_per_epoch": 6,
    "batch_size": 2,
    "crop_size": 32,
}
DECODE = {"threshold": 0.5, "sigma": 2.0, "h": 4.0} | dict.fromkeys(
    ("close_radius", "island_area", "hole_area", "cell_area"), 0
)


class Sample(NamedTuple):
    """Grey levels, uint8 [H, W], and labels, uint16 [H, W], of an image."""

    image: np.ndarray
    labels: np.ndarray


def packed_of(*samples: Sample) -> Packed:
    """What `pack_split` would write of these images."""
    return Packed(
        pixels=np.concatenate([sample.image.ravel() for sample in samples]).astype(np.uint8),
        labels=np.concatenate([sample.labels.ravel() for sample in samples]).astype(np.uint16),
        foreground=np.concatenate([(sample.labels > 0).sum(axis=1) for sample in samples]).astype(np.int32),
        histograms=np.stack([grey_histogram(sample.image.astype(np.uint8)) for sample in samples]),
        images=[
            Image(number, f"{number}.tif", *reversed(sample.image.shape))
            for number, sample in enumerate(samples)
        ],
        digest="",
    )


def disc_sample(seed: int, shape: tuple[int, int] = (64, 72)) -> Sample:
    """A flat image with noise inside two discs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    labels = np.zeros(shape, dtype=np.uint16)
    for label, centre in enumerate(((18, 20), (44, 48)), start=1):
        labels[(rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < 13**2] = label
    image = 128 + (labels > 0) * rng.integers(-40, 40, shape)
    return Sample(image.astype(np.uint8), labels)


class Project:
    """The folder that a stage runs in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "images").mkdir()
        for number, split in enumerate(("train", "val", "test")):
            self.set_images(split, {number + 1: disc_sample(number)})
            self.pack(split)
        self.set_parameters(TINY)

    def set_images(self, split: str, samples: dict[int, Sample]) -> None:
        """Write the images of a split, by their id."""
        listed = [Image(number, f"{number}.tif", *own.image.shape[::-1]) for number, own in samples.items()]
        write_coco(self.root / "clean" / f"{split}.json", Coco(listed, []))
        masks = self.root / "masks" / "instance" / split
        masks.mkdir(parents=True, exist_ok=True)
        for image, sample in zip(listed, samples.values(), strict=True):
            write_tiff(self.root / "images" / image.file_name, sample.image)
            tifffile.imwrite(masks / image.file_name, sample.labels)

    def pack(self, split: str) -> None:
        """Do what the pack stage does."""
        folders = (self.root / name for name in ("clean", "images", "masks"))
        out = self.root / "packed" / split
        shutil.rmtree(out, ignore_errors=True)
        pack_split(*folders, split, out, ComputeSettings(jobs=1))

    def set_parameters(
        self, model: dict[str, object], seed: int = 3, tile: int = 1024, **compute: object
    ) -> None:
        """Write params.yaml with one model, ``tiny``."""
        parameters = {
            "seed": seed,
            "train": {},
            "models": {"tiny": model},
            "predict": {"tile": tile},
            "evaluate": {},
            "tune": {},
            "decode": {"foreground": DECODE},
            "compute": {
                "threads": 1,
                "accelerator": "cpu",
                "precision": "32-true",
                "checkpoint_seconds": 0,
                **compute,
            },
        }
        (self.root / "params.yaml").write_text(yaml.safe_dump(parameters))

    def train_arguments(self, out: str = "trained") -> dict[str, str | Path]:
        return {
            "packed": Path("packed"),
            "scratch": Path("scratch"),
            "tracking": Path("logs/tiny"),
            "out": Path(out, "tiny"),
            "metrics": Path(out, "metrics.json"),
        }

    def weights(self, out: str) -> dict[str, torch.Tensor]:
        """Return what a training wrote to `out`."""
        weights: dict[str, torch.Tensor] = torch.load(self.root / out / "tiny/weights.pt", weights_only=True)
        return weights

    def summary(self, out: str = "trained") -> dict[str, Any]:
        """What a training says of itself, but for its time."""
        written = json.loads((self.root / out / "metrics.json").read_text())
        assert written.pop("seconds") > 0
        return written

    def start_training(self) -> subprocess.Popen:
        flags = [f"--{name}={value}" for name, value in self.train_arguments().items()]
        command = [sys.executable, "-m", "stages.train", *flags]
        return subprocess.Popen(command, cwd=self.root, env={**os.environ, "PYTHONPATH": str(ROOT)})


def interrupt_once(project, monkeypatch, step: int) -> list[int]:
    """Train until a step begins; return the steps done, to which those of later trainings are added."""
    batches = []

    def batch(crops: Crops, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        batches.append(number)
        if batches.count(step) == 1 and number == step:
            raise InterruptedError
        return cut(crops, number)

    cut = Crops.batch
    monkeypatch.setattr(Crops, "batch", batch)
    with pytest.raises(InterruptedError):
        train(**project.train_arguments())
    return batches
