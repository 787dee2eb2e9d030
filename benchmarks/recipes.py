"""What each choice of the recipe does for UNet-6L-3R, on the embedded data and on a dozen real images.

``python -m benchmarks.recipes FOLDER [SECTION ...]`` needs the embedded run (`dvc repro`) and a folder laid
out like LIVECell's server, and writes benchmarks/results/recipes.json, and recipes.md with its tables, after
every training, so that it may be stopped at any time; what is there already is not trained again.
"""

import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure import RESULTS, ROOT, machine, write_result
from benchmarks.packed_data import Data, packed_embedded, packed_livecell
from benchmarks.trained import train_entry
from monolayer.compute.accelerator import on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.operating_point import THRESHOLDS
from monolayer.inference.whole_image import predict_maps
from monolayer.metrics.foreground import foreground_scores
from monolayer.metrics.overlap import confusion, dice
from monolayer.models.base.files import read_model
from monolayer.models.base.model import Model
from monolayer.models.base.settings import PredictSettings
from monolayer.parameters import read_parameters
from monolayer.training.packing import Packed, read_packed

MODEL = "unet-6l-3r"
COMPUTE = on_this_machine(ComputeSettings(devices=1))
AUGMENTED = {"crops": {"rotate": 180, "scale": 0.3}, "grey": {"contrast": 0.3}}
EQUAL: dict[str, Any] = {"epochs": 4, "crops_per_epoch": 300, "crop_size": 128, "batch_size": 4}
"""The budget of each variant: 300 steps of 4 crops of 128 pixels."""
LONG: dict[str, dict[str, Any]] = {
    "unet-6l-3r": {"epochs": 8, "crops_per_epoch": 5200, "crop_size": 64, "batch_size": 16},
    "unet-6l-0r": {"epochs": 8, "crops_per_epoch": 6400, "crop_size": 64, "batch_size": 16},
    "unet-4l-0r": {"epochs": 8, "crops_per_epoch": 4800, "crop_size": 64, "batch_size": 16},
    "unet-2l-0r": {"epochs": 8, "crops_per_epoch": 1600, "crop_size": 64, "batch_size": 4},
    "vnet": {"epochs": 8, "crops_per_epoch": 800, "crop_size": 64, "batch_size": 8},
    "swinunetr": {"epochs": 8, "crops_per_epoch": 1600, "crop_size": 64, "batch_size": 8},
}
"""At most a quarter of an hour each on 2 cores without bfloat16."""

VARIANTS: dict[str, dict[str, Any]] = {
    "base": {},
    "base, seed 1": {"seed": 1},
    "base, seed 2": {"seed": 2},
    "adam": {"train": {"optimizer": "adam", "weight_decay": 0}},
    "sgd, lr 0.1": {"model": {"lr": 0.1}, "train": {"optimizer": "sgd", "weight_decay": 1e-4}},
    "constant rate, lr 1e-3": {"model": {"lr": 1e-3}, "train": {"schedule": "constant"}},
    "cosine": {"train": {"schedule": "cosine", "warm_up": 0.1}},
    "weights not averaged": {"train": {"ema_decay": None}},
    "Dice alone": {"model": {"head": {"method": "foreground", "bce": 0}}},
    "BCE alone": {"model": {"head": {"method": "foreground", "dice": 0}}},
    "0.01 BCE + Dice": {"model": {"head": {"method": "foreground", "bce": 0.01}}},
    "focal + Dice": {"model": {"head": {"method": "foreground", "bce": 0, "focal": 1}}},
    "crops anywhere": {"train": {"crops": {"positive_fraction": 0, "others": "anywhere"}}},
    "crops 0.7 not empty": {
        "train": {"crops": {"positive_fraction": 0.7, "others": "anywhere", "shift": 64}}
    },
    "no turns": {"train": {"crops": {"turns": False}}},
    "rotation, scale, contrast": {"train": AUGMENTED},
    "brightness, blur, noise": {"train": {"grey": {"brightness": 10, "blur": 1, "noise": 3}}},
    "gradients clipped": {"train": {"clip_norm": 1}},
    "min-max": {"model": {"normalise": {"method": "min-max"}}},
    "percentile": {"model": {"normalise": {"method": "percentile"}}},
    "data-set statistics": {"model": {"normalise": {"method": "dataset"}}},
    "ImageNet statistics": {"model": {"normalise": {"method": "imagenet"}}},
    "resized to 256": {"model": {"resize": 256}},
    "lr 2e-3": {"model": {"lr": 2e-3}},
    "lr 8e-3": {"model": {"lr": 8e-3}},
    "16 crops of 64 pixels": {"model": {"crops_per_epoch": 1200, "crop_size": 64, "batch_size": 16}},
    "1 crop of 256 pixels": {"model": {"crops_per_epoch": 75, "crop_size": 256, "batch_size": 1}},
    "test-time augmentation": {"predict": {"test_time_augmentation": True}},
}


def main(source: Path, sections: list[str]) -> None:
    torch.set_num_threads(COMPUTE.threads)
    path = RESULTS / "recipes.json"
    result = json.loads(path.read_text()) if path.exists() else {"machine": machine(), "budget": EQUAL}
    with tempfile.TemporaryDirectory() as folder:
        data = {
            "embedded": packed_embedded(Path(folder)),
            "livecell-mini": packed_livecell(source, Path(folder)),
        }
        work = {
            "variants": lambda: _variants(result, data),
            "sim_to_real": lambda: _sim_to_real(result, data["livecell-mini"]),
            "long": lambda: _long(result, data["livecell-mini"]),
        }
        for section in sections or list(work):
            work[section]()


def _variants(result: dict[str, Any], data: dict[str, Data]) -> None:
    """Train as many at a time as there are cores, with one thread each: that trains most in all."""
    tables = {source: result.setdefault("variants", {}).setdefault(source, {}) for source in data}
    wanted = [(source, name) for name in VARIANTS for source in data if name not in tables[source]]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = {
            pool.submit(_variant, data[source], VARIANTS[name]): (source, name) for source, name in wanted
        }
        for row in as_completed(rows):
            source, name = rows[row]
            tables[source] |= {name: row.result()}
            _keep(result, source, name, row.result())


def _variant(data: Data, variant: dict[str, Any]) -> dict[str, Any]:
    one_thread = COMPUTE.model_copy(update={"threads": 1})
    model = {**EQUAL, **variant.get("model", {})}
    net, row = train_entry(MODEL, data, one_thread, model, variant.get("train"), variant.get("seed", 0))
    return {**row, **_scores(net, data, _threshold(net, data["val"]), **variant.get("predict", {}))}


def _sim_to_real(result: dict[str, Any], real: Data) -> None:
    """Score nets that saw synthetic images alone, and train on from them against from scratch."""
    table = result.setdefault("sim_to_real", {})
    for name in read_parameters(ROOT / "params.yaml")["models"]:
        model = read_model(ROOT / "models" / name)
        table[name] = _scores(model, real, threshold=_threshold(model, read_packed(ROOT / "data/packed/val")))
        _keep(result, "sim_to_real", name, table[name])
    pretrained = {"initialise_from": str(ROOT / "models" / MODEL)}
    budgets: dict[str, dict[str, Any]] = {
        f"{MODEL}, real images alone": {},
        f"{MODEL}, then real images": pretrained,
        f"{MODEL}, then real images, lr 1e-3": {**pretrained, "lr": 1e-3},
    }
    for name, choices in budgets.items():
        if name not in table:
            net, row = train_entry(MODEL, real, COMPUTE, {**EQUAL, **choices})
            table[name] = {**row, **_scores(net, real, _threshold(net, real["val"]))}
            _keep(result, "sim_to_real", name, table[name])


def _long(result: dict[str, Any], real: Data) -> None:
    table = result.setdefault("long", {})
    for name, budget in LONG.items():
        if name not in table:
            net, row = train_entry(name, real, COMPUTE, budget, AUGMENTED)
            threshold = _threshold(net, real["val"])
            turned = _scores(net, real, threshold, test_time_augmentation=True)
            table[name] = {
                "budget": budget,
                **row,
                **_scores(net, real, threshold),
                "dice_with_test_time_augmentation": turned["dice"],
            }
            _keep(result, "long", name, table[name])


def _keep(result: dict[str, Any], section: str, name: str, row: dict[str, Any]) -> None:
    write_result("recipes", result)
    (RESULTS / "recipes.md").write_text("\n".join(_tables(result)))
    print(section, name, {key: row[key] for key in ("val_dice", "dice") if key in row}, file=sys.stderr)


def _tables(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a Markdown table for each section: the Dice of the test images, and what it took."""
    for source, rows in result.get("variants", {}).items():
        yield from _table(f"Variants, {source}", rows, ("dice", "val_dice", "confluence_rmse", "seconds"))
    real = ("dice", "iou", "confluence_rmse")
    yield from _table("Trained on rendered images, scored on real ones", result.get("sim_to_real", {}), real)
    yield from _table("Trained longer on real images", result.get("long", {}), (*real, "seconds"))


def _table(title: str, rows: dict[str, Any], columns: tuple[str, ...]) -> Iterator[str]:
    yield from (f"# {title}", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        yield f"| {name} | {' | '.join(str(row.get(column, '')) for column in columns)} |"
    yield ""


def _threshold(model: Model, val: Packed) -> float:
    return THRESHOLDS[int(np.argmax(dice(_counts(model, val, list(THRESHOLDS))).mean(axis=0)))]


def _scores(model: Model, data: Data, threshold: float, **choices: Any) -> dict[str, Any]:
    counts = _counts(model, data["test"], [threshold], **choices)[:, 0]
    scores = foreground_scores(counts)
    kept = {name: round(float(scores[name]), 4) for name in ("dice", "iou", "confluence_rmse")}
    return {**kept, "threshold": threshold}


def _counts(model: Model, split: Packed, thresholds: list[float], **choices: Any) -> np.ndarray:
    settings = PredictSettings(**choices)
    rows = []
    for number in range(len(split.images)):
        image, labels = split.image(number)
        foreground = predict_maps(model, np.array(image), settings, COMPUTE.precision).foreground
        rows.append([confusion(labels > 0, foreground >= threshold) for threshold in thresholds])
    return np.array(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
