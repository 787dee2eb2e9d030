"""The ways to tell touching cells apart: what they find on a dozen real images, and how long decoding takes.

``python -m benchmarks.decoders FOLDER [HEAD ...]`` takes a folder laid out like LIVECell's server and writes
benchmarks/results/decoders.json, and decoders.md with its tables, after every training.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from benchmarks.measure import RESULTS, ROOT, machine, write_result
from benchmarks.packed_data import Data, packed_livecell, read_annotated
from benchmarks.scored import SCORES, found, scored, tuned
from benchmarks.trained import train_entry
from monolayer.annotations.coco import Coco, Image
from monolayer.annotations.rasterise import label_runs
from monolayer.compute.accelerator import on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.evaluation.cells import TrueCells
from monolayer.evaluation.settings import CellSettings
from monolayer.heads.base.head import build_head
from monolayer.heads.stardist.head import ray_lengths, squared_depth
from monolayer.inference.search import read_search
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import DecodeTask, tune_decoder
from monolayer.parameters import read_parameters

COMPUTE = on_this_machine(ComputeSettings(devices=1, threads=1))
AUGMENTED = {"crops": {"rotate": 180, "scale": 0.3}, "grey": {"contrast": 0.3}}
NETS = {
    "foreground": "unet-flow",
    "contour": "unet-contour",
    "flow": "unet-flow",
    "stardist": "unet-stardist",
}
"""The entry of params.yaml whose net wears each head."""
BUDGET = {"epochs": 4, "crops_per_epoch": 4800, "crop_size": 96, "batch_size": 4, "lr": 4e-3}
"""The same for all."""
READINGS, NOISY = 7, 4
HEIGHT, WIDTH, CELLS = 520, 704, 400


def main(source: Path, heads: list[str]) -> None:
    path = RESULTS / "decoders.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result["machine"] = machine() | {"precision": COMPUTE.precision}
    result["decode"] = decode_times()
    with tempfile.TemporaryDirectory() as temporary:
        data, annotated = packed_livecell(source, Path(temporary)), read_annotated(Path(temporary))
        table = result.setdefault("livecell_mini", {})
        for head in heads or NETS:
            table[head] = _trained(head, data, annotated)
            write_result("decoders", result)
            (RESULTS / "decoders.md").write_text(_tables(result))


def _trained(head: str, data: Data, annotated: dict[str, Coco]) -> dict[str, Any]:
    model, row = train_entry(NETS[head], data, COMPUTE, {**BUDGET, "head": {"method": head}}, AUGMENTED)
    start = time.perf_counter()
    val, test = (found(model, data, annotated, split, COMPUTE) for split in ("val", "test"))
    chosen = tuned(model, val)
    seconds = {"training_s": row["seconds"], "tuning_s": round(time.perf_counter() - start)}
    row = {**seconds, **scored(model, test, data, chosen).overall, **chosen._asdict()}
    print(head, row, file=sys.stderr)
    return row


def decode_times() -> dict[str, Any]:
    """Decode perfect outputs for an image of 400 cells on one core, and noisy ones for the tuning.

    Medians, in seconds; of the tuning CPU seconds for each megapixel that a trial decodes, which are the
    `seconds_per_megapixel` of the decoders.
    """
    torch.set_num_threads(1)
    labels = _cells()
    times: dict[str, Any] = {"cells": int(labels.max()), "covered": round(float((labels > 0).mean()), 3)}
    for name in NETS:
        decoder, maps = load_decoder(name), _perfect_maps(name, labels)
        seconds = []
        for _ in range(READINGS):
            start = time.perf_counter()
            cells = decoder.decode(maps, decoder.Settings())
            seconds.append(time.perf_counter() - start)
        times[name] = {
            "seconds": round(sorted(seconds)[READINGS // 2], 3),
            "found": len(cells.scores),
            "tuning_s_per_megapixel": _tuning_seconds(name, maps, labels),
        }
    return times


def _tuning_seconds(name: str, maps: np.ndarray, labels: np.ndarray) -> float:
    decoder = load_decoder(name)
    search = read_search(read_parameters(ROOT / "params.yaml")["decode"][name], decoder.Settings, name)
    runs = label_runs(labels)
    truth = TrueCells(Image(1, "cells.tif", WIDTH, HEIGHT), runs, runs.areas(int(labels.max())).astype(float))
    tasks = [DecodeTask(_noisy(name, maps, seed), truth, {}) for seed in range(NOISY)]
    start = time.process_time()
    compute = ComputeSettings(jobs=1)
    trials = tune_decoder(decoder, tasks, search, TuneSettings(), CellSettings(), compute)
    seconds = time.process_time() - start
    return round(seconds / sum(trial.images for trial in trials) / (HEIGHT * WIDTH / 1e6), 3)


def _noisy(name: str, maps: np.ndarray, seed: int) -> np.ndarray:
    """Return maps as those of a net that is not sure, but of distances."""
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.standard_normal(maps.shape), (0, 3, 3)) * 1.5
    noise[1:-1] *= name != "stardist"
    noisy = maps + noise
    probabilities = {"flow": [0], "stardist": [0, -1]}.get(name, list(range(len(maps))))
    noisy[probabilities] = noisy[probabilities].clip(0, 1)
    return noisy.astype(np.float32)


def _cells() -> np.ndarray:
    """Ellipses of LIVECell's typical sizes, of which many touch; labels int32 [H, W]."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((HEIGHT, WIDTH))
    labels = np.zeros((HEIGHT, WIDTH), dtype=np.int32)
    while labels.max() < CELLS:
        row, column = rng.uniform((0, 0), (HEIGHT, WIDTH))
        high, wide, angle = rng.uniform((7, 10, 0), (11, 16, np.pi))
        down, right = rows - row, columns - column
        along, across = (
            right * np.cos(angle) + down * np.sin(angle),
            down * np.cos(angle) - right * np.sin(angle),
        )
        inside = (along / wide) ** 2 + (across / high) ** 2 < 1
        if (labels[inside] == 0).mean() > 0.85:
            labels[inside & (labels == 0)] = labels.max() + 1
    return labels


def _perfect_maps(name: str, labels: np.ndarray) -> np.ndarray:
    """Return what a head would give the decoder, had its net learnt the targets."""
    whole = torch.from_numpy(labels)[None]
    targets = build_head({"method": name}).targets(whole)[0]
    if name == "stardist":  # they have the distances at few pixels only
        targets[1:-1] = ray_lengths(whole, squared_depth(whole), 1)[0]
    return targets.numpy()


def _tables(result: dict[str, Any]) -> str:
    lines = ["# Real images", "", f"| | {' | '.join((*SCORES, 'dice', 'training s'))} |"]
    lines.append("|---" * (len(SCORES) + 3) + "|")
    for head, row in result["livecell_mini"].items():
        cells = [f"{row[name]:.3f}" for name in (*SCORES, "dice")]
        lines.append(f"| {head} | {' | '.join(cells)} | {row['training_s']} |")
    lines += ["", "# Decoding one image, one core", ""]
    lines += ["| | seconds | cells found | tuning, s/megapixel and trial |", "|---|---|---|---|"]
    for head in NETS:
        own = result["decode"][head]
        found_of = f"{own['found']} of {result['decode']['cells']}"
        lines.append(f"| {head} | {own['seconds']} | {found_of} | {own['tuning_s_per_megapixel']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
