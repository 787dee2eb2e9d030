"""Milliseconds of a training step and of a whole image in each number format, for all models of params.yaml.

``python -m benchmarks.number_formats`` writes benchmarks/results/number_formats.json, beside what other CPUs
gave. It is what `monolayer.compute.accelerator.choose_precision` rests on for CPUs.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.measure import RESULTS, ROOT, cpu_name, machine, write_result
from monolayer.compute.accelerator import autocast, find_device
from monolayer.compute.settings import NumberFormat
from monolayer.inference.whole_image import predict_maps
from monolayer.models.base.model import Model, build_model
from monolayer.models.base.settings import ModelSettings, PredictSettings, selected_model
from monolayer.parameters import read_parameters

FORMATS: tuple[NumberFormat, ...] = ("32-true", "bf16-mixed")
IMAGE = (544, 704)
STEPS, IMAGES = 9, 4


def main() -> None:
    parameters = read_parameters(ROOT / "params.yaml")
    torch.set_num_threads(parameters["compute"]["threads"])
    models = {name: selected_model(parameters, name) for name in parameters["models"]}
    result = {name: _of_model(settings) for name, settings in models.items()}
    others = json.loads((RESULTS / "number_formats.json").read_text())
    write_result("number_formats", {**others, cpu_name(): {"machine": machine(), "models": result}})


def _of_model(settings: ModelSettings) -> dict[str, Any]:
    times: dict[str, Any] = {precision: _times(settings, precision) for precision in FORMATS}
    first, second = (times[precision] for precision in FORMATS)
    return {**times, "bf16_over_32": {name: round(second[name] / first[name], 2) for name in first}}


def _times(settings: ModelSettings, precision: NumberFormat) -> dict[str, float]:
    torch.manual_seed(0)
    device = find_device("auto")
    model = build_model(settings).to(device)
    if precision != "32-true":  # as trainings do
        model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    step = _median(STEPS, lambda: _step(model, settings, optimiser, precision, device))
    model = model.eval().to(memory_format=torch.channels_last)  # as predictions do
    image = np.random.default_rng(0).integers(0, 256, IMAGE, dtype=np.uint8)
    whole = _median(IMAGES, lambda: predict_maps(model, image, PredictSettings(), precision))
    return {"step_ms": step, "image_ms": whole}


def _step(
    model: Model, settings: ModelSettings, optimiser: Any, precision: NumberFormat, device: torch.device
) -> None:
    size = settings.crop_size
    images = torch.randn(settings.batch_size * model.frames, 1, size, size, device=device)
    labels = torch.zeros(len(images), size, size, dtype=torch.int32, device=device)
    for number in range(size // 16):
        labels[:, 16 * number : 16 * number + 12, 8:24] = number + 1
    with autocast(precision, device):
        loss = model.loss(model(images), model.targets(labels))["loss"]
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()


def _median(rounds: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return round(1000 * sorted(seconds)[rounds // 2], 1)


if __name__ == "__main__":
    main()
