"""Trained crops per second, memory and whole-image inference, next to the public projects' MONAI loop.

``python -m benchmarks.training`` needs the embedded data and models (`dvc repro`), trains each model both
ways by turns, in this process (on a CPU also in two), and writes
benchmarks/results/training-<gpu, cpu or cpu-bf16>.json.
"""

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import yaml
from monai.inferers.utils import sliding_window_inference
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks import peer_training
from benchmarks.measure import ROOT, machine, measure, write_result
from benchmarks.rehearsal import build
from monolayer.annotations.coco import read_coco
from monolayer.compute.accelerator import autocast, choose_precision, find_device, on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.images.folder import ImageFolder
from monolayer.images.normalisation import offset_and_scale
from monolayer.inference.whole_image import predict_maps
from monolayer.metrics.overlap import confusion, dice
from monolayer.models.base.files import read_model
from monolayer.models.base.model import build_model
from monolayer.models.base.pixels import PixelModel
from monolayer.models.base.settings import ModelSettings, PredictSettings, selected_model
from monolayer.models.base.views import TiledViews
from monolayer.parameters import read_parameters
from monolayer.training.fit import fit
from monolayer.training.optimisers import build_optimiser
from monolayer.training.packing import Packed, read_packed
from monolayer.training.settings import TrainSettings

CROP_SIZE = 96
BATCH_SIZE = peer_training.CROPS_PER_IMAGE * peer_training.IMAGES_PER_BATCH
SECONDS = 4
WARM_UP = 3
"""Steps before the clock starts."""
ROUNDS = 5
"""Other processes share the machine: each round compares within itself, and its median counts."""
PUBLISHED_CROPS = 3253 * peer_training.CROPS_PER_IMAGE * 100  # all of LIVECell's training images, 100 epochs
COMPUTE = ComputeSettings(devices=1)
REHEARSAL = ROOT / ".scratch" / "rehearsal"


def main() -> None:
    device = find_device("auto")
    torch.set_num_threads(COMPUTE.threads)
    files = _files("train")
    train, val = _splits()
    result: dict[str, Any] = {
        "machine": {**machine(), **_device(device)},
        "crop_size": CROP_SIZE,
        "batch_size": BATCH_SIZE,
        "peer_loader_crops_per_s": _peer(files, None, device),
        "trained_crops_per_s": {},
    }
    compute = on_this_machine(COMPUTE)
    for name in read_parameters(ROOT / "params.yaml")["models"]:
        settings = _selected(name)
        rounds = []
        for _ in range(ROUNDS):
            peer = _peer(files, cast(PixelModel, build_model(settings)).net, device)
            with tempfile.TemporaryDirectory() as scratch:
                ours = _ours(settings, compute, train, val, peer, Path(scratch))
            bare = _bare(settings, device)
            rounds.append((ours, peer, bare, _bare(settings, device, "default")))
        rates = np.array(rounds).T
        ours, peer, bare, compiled = np.median(rates, axis=1).tolist()
        ratios = rates[0] / rates[1]
        measured = {
            "monolayer": round(ours, 1),
            "peer": round(peer, 1),
            "bare_step": round(bare, 1),
            "bare_step_compiled": round(compiled, 1),
            "ratio": round(float(np.median(ratios)), 2),
            "ratios": np.sort(ratios).round(2).tolist(),
            "share_of_bare_step": round(float(np.median(rates[0] / rates[2])), 2),
            "published_run_s": round(PUBLISHED_CROPS / ours),
        }
        if device.type == "cpu":
            measured["two_processes"] = round(_two_processes(name, expected=ours), 1)
        result["trained_crops_per_s"][name] = measured
        print(name, measured, file=sys.stderr)
    result["inference"] = _inference(val, device)
    result["memory"] = _memory()
    number_format = "-bf16" if device.type == "cpu" and COMPUTE.precision == "bf16-mixed" else ""
    write_result(f"training-{'gpu' if device.type == 'cuda' else 'cpu'}{number_format}", result)


def _device(device: torch.device) -> dict[str, Any]:
    name = torch.cuda.get_device_name() if device.type == "cuda" else torch.cpu.get_capabilities()["cpu_name"]
    return {"device": name, "torch": torch.__version__, "precision": choose_precision("auto", device)}


def _files(split: str) -> list[dict[str, Path]]:
    folder = ImageFolder(ROOT / "data" / "raw" / "images")
    masks = ROOT / "data" / "masks" / "semantic" / split
    return [
        {"image": folder.path(image.file_name, split), "mask": masks / f"{image.id}.png"}
        for image in read_coco(ROOT / "data" / "clean" / f"{split}.json").images
    ]


def _splits() -> tuple[Packed, Packed]:
    folder = ROOT / "data" / "packed"
    return read_packed(folder / "train"), read_packed(folder / "val")


def _selected(name: str) -> ModelSettings:
    settings = selected_model(read_parameters(ROOT / "params.yaml"), name)
    return settings.model_copy(update={"crop_size": CROP_SIZE, "batch_size": BATCH_SIZE, "epochs": 1})


def _peer(files: list[dict[str, Path]], net: torch.nn.Module | None, device: torch.device) -> float:
    source = peer_training.batches(files, CROP_SIZE)
    return round(peer_training.crops_per_second(source, net, SECONDS, device), 1)


def _ours(
    settings: ModelSettings,
    compute: ComputeSettings,
    train: Packed,
    val: Packed,
    expected: float,
    scratch: Path,
) -> float:
    """Return the rate of the whole loop, from the end of its third step to the end of its last."""
    count = WARM_UP + max(4, math.ceil(SECONDS * expected / BATCH_SIZE))
    settings = settings.model_copy(update={"crops_per_epoch": count * BATCH_SIZE})
    steps, ends = 0, []

    def note(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps in (WARM_UP, count):
            _wait()
            ends.append(time.perf_counter())

    hook = register_optimizer_step_post_hook(note)
    recipe = TrainSettings(validation_images=1)
    folders = scratch / "running", scratch / "logs"
    fit(settings, recipe, compute, train, val, 0, *folders, TiledViews(PredictSettings()))
    hook.remove()
    start, end = ends
    return (count - WARM_UP) * BATCH_SIZE / (end - start)


def _two_processes(name: str, expected: float) -> float:
    """Return `_ours` of two processes of one thread each."""
    launch = "-m torch.distributed.run --standalone --nproc-per-node 2 -m benchmarks.training"
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, *launch.split(), name, str(expected), scratch]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    return float(process.stdout)


def _one_of_two(name: str, expected: str, scratch: str) -> None:
    """Take part in `_two_processes`; the first of them prints the rate."""
    settings = _selected(name)
    compute = on_this_machine(COMPUTE.model_copy(update={"devices": 2, "threads": 1}))
    rate = _ours(settings, compute, *_splits(), float(expected), Path(scratch))
    if os.environ["RANK"] == "0":
        print(rate)


def _bare(settings: ModelSettings, device: torch.device, mode: str | None = None) -> float:
    """Return the rate of forward, backward and optimiser alone, on one batch that stays where it is."""
    recipe = TrainSettings()
    model = build_model(settings).to(device).train()
    if choose_precision(COMPUTE.precision, device) != "32-true":
        model.to(memory_format=torch.channels_last)
    if mode is not None:
        model.compile(mode=mode)
    optimizer, _ = build_optimiser(model.parameters(), recipe, settings.lr, steps=1)
    images = torch.randn(BATCH_SIZE, 1, CROP_SIZE, CROP_SIZE, device=device)
    targets = model.targets((images[:, 0] > 0).int())
    steps, start = -WARM_UP, 0.0
    while steps < 4 or time.perf_counter() - start < SECONDS:
        if steps == 0:
            _wait()
            start = time.perf_counter()
        optimizer.zero_grad()
        with autocast(COMPUTE.precision, device):
            loss = model.loss(model(images), targets)["loss"]
        loss.backward()
        optimizer.step()
        steps += 1
    _wait()
    return steps * BATCH_SIZE / (time.perf_counter() - start)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _inference(val: Packed, device: torch.device) -> dict[str, Any]:
    """Predict the val images whole, and in the windows of 96 pixels that the peers train on."""
    peer, model, translated = (read_model(ROOT / "models" / "unet-6l-3r").to(device) for _ in range(3))
    assert isinstance(peer, PixelModel)
    for ours in (model, translated):
        ours.to(memory_format=torch.channels_last)
    translated.compile(mode="default")
    settings = PredictSettings()

    ((offset, scale),) = offset_and_scale(val.histograms[:1], peer.normalise)  # of all images: fixed numbers

    def windows(image: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy((image - offset) / scale).to(device)[None, None]
        with torch.no_grad():
            outputs = sliding_window_inference(pixels, (CROP_SIZE, CROP_SIZE), 4, peer)
            return peer.foreground(outputs)[0].cpu().numpy()

    def whole(image: np.ndarray) -> np.ndarray:
        return predict_maps(model, image, settings, COMPUTE.precision).foreground

    def compiled(image: np.ndarray) -> np.ndarray:
        return predict_maps(translated, image, settings, COMPUTE.precision).foreground

    whole(np.array(val.image(0)[0]))
    start = time.perf_counter()
    compiled(np.array(val.image(0)[0]))
    result: dict[str, Any] = {"compilation_s": round(time.perf_counter() - start, 1)}
    ways = {"windows": windows, "whole": whole, "whole_compiled": compiled}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    scores: dict[str, list[float]] = {name: [] for name in ways}
    for index in range(len(val.images)):
        image, labels = val.image(index)
        for name, predict in ways.items():  # by turns: other processes share the machine
            start = time.perf_counter()
            foreground = predict(np.array(image))
            seconds[name].append(time.perf_counter() - start)
            scores[name].append(float(dice(confusion(labels > 0, foreground >= 0.5))))
    for name in ways:
        ratios = np.array(seconds["windows"]) / np.array(seconds[name])
        result[name] = {
            "seconds_per_image": round(float(np.median(seconds[name])), 4),
            "dice": round(float(np.mean(scores[name])), 4),
            "ratio": round(float(np.median(ratios)), 2),
        }
    return result


def _memory() -> dict[str, Any]:
    """Train on the full-size rehearsal of LIVECell, as DVC would."""
    build(REHEARSAL)
    with tempfile.TemporaryDirectory(dir=REHEARSAL) as folder:
        workspace = Path(folder)
        parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
        model = {"architecture": "unet", "channels": [16, 32, 64, 128, 256, 512], "residual_units": 3}
        parameters["models"] = {
            "unet": {**model, "epochs": 1, "crops_per_epoch": 2000, "crop_size": CROP_SIZE}
        }
        (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))
        flags = ["--annotations", str(REHEARSAL / "annotations"), "--images", str(REHEARSAL / "images")]
        measure(sys.executable, "-m", "stages.masks", *flags[:2], "--out", "masks", cwd=workspace)
        pack = measure(
            sys.executable, "-m", "stages.pack", *flags, "--masks", "masks", "--out", "packed", cwd=workspace
        )
        shutil.rmtree(workspace / "masks")
        packed = sum(path.stat().st_size for path in (workspace / "packed").rglob("*.npy"))
        outs = "--out unet --metrics m.json"
        command = f"stages.train --packed packed --scratch s --tracking t {outs}"
        train = measure(sys.executable, "-m", *command.split(), cwd=workspace)
    return {
        "images": len(read_coco(REHEARSAL / "annotations" / "train.json").images),
        "packed_gb": round(packed / 1e9, 2),
        "pack_s": pack.seconds,
        "pack_peak_gb": pack.peak_gb,
        "train_peak_gb": train.peak_gb,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _one_of_two(*sys.argv[1:])
    else:
        main()
