"""All systems of params.yaml on real images: what they find, and what they cost.

``python -m benchmarks.systems SET FOLDER [ENTRY ...]`` takes a folder laid out like LIVECell's server, or one
of label images; `SETS` has their names. After every training it writes benchmarks/results/systems-<set>.json,
and its tables as .md. Each system runs in a process of its own.

``--cpu-minutes 8`` trains one entry of each head (`HEADS`) for so long instead, and writes heads-<set>.json
and .md. With either, entries that are there already are left out, unless they are named.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cpu_budget import crops_within
from benchmarks.measure import RESULTS, ROOT, machine, measure, write_result
from benchmarks.packed_data import Data, packed_source, read_annotated
from benchmarks.scored import SCORES, found, scored, tuned
from benchmarks.trained import train_entry
from monolayer.annotations.coco import Coco
from monolayer.compute.accelerator import on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.models.base.detector import Detector
from monolayer.models.base.model import Model
from monolayer.models.base.settings import PredictSettings
from monolayer.parameters import read_parameters

COMPUTE = on_this_machine(ComputeSettings(devices=1, threads=1))
"""One core: small crops keep one busy, and what else runs on the machine costs less."""
NUCLEI = {"crop_size": 160, "normalise": {"method": "percentile", "low": 1, "high": 99.8}}
SETS: dict[str, dict[str, Any]] = {
    "livecell-mini": {"epochs": 4, "crops_per_epoch": 4800},
    "dsb2018-mini": {"epochs": 4, "crops_per_epoch": 2400, **NUCLEI},
    "dsb2018-train": {"epochs": 4, "crops_per_epoch": 2400, **NUCLEI},
    "usiigaci-mini": {"epochs": 4, "crops_per_epoch": 2400, "crop_size": 160},
}
"""What all entries have otherwise than in params.yaml."""
FRACTIONS = {"vnet": 0.5, "swinunetr": 0.5, "resunet": 0.5, "cellsam": 0.4, "convlstm-unet": 0.25}
"""Of the crops, of systems that would take more than 10 minutes or so with all of them on 2 cores."""
OWN: dict[str, dict[str, Any]] = {
    "maskrcnn": {"crops_per_epoch": 600, "crop_size": 128, "proposals": 2000, "detections": 2000},
}
"""What single entries have otherwise; real images are larger than those that `maskrcnn` is set for."""
CELLS_LARGER_BY = {"livecell-mini": 0.3, "usiigaci-mini": 0.3, "dsb2018-mini": 1.0, "dsb2018-train": 1.0}
"""At most, and smaller by as much: nuclei of one image may be twice as large as those of another."""
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "maskrcnn, SGD": ("maskrcnn", {"lr": 1e-3}, {"optimizer": "sgd"}),  # the published optimiser and rate
}
"""Rows of their own: the entry, and what its model and its training have otherwise."""
HEADS = ("unet-4l-0r", "unet-contour", "unet-flow", "unet-stardist", "maskrcnn", "cellsam")
"""The entries that stand for the heads foreground, contour, flow, stardist and, twice, boxes."""
TITLES = {"ap50_reach": "its 95 % interval: either way", "ap50_eight_views": "ap50 of 8 views"}
COSTS = {
    "parameters, M": "parameters",
    "crops": "crops",
    "their side": "crop_size",
    "crops/CPU s": "crops_per_cpu_s",
    "training, CPU s": "cpu_s",
    "CPU s/image": "image_cpu_s",
    "peak GB": "peak_gb",
}
"""By the column's title; in seconds of the CPU, which other processes do not lengthen much."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=SETS, metavar="SET")
    parser.add_argument("source", type=Path, metavar="FOLDER")
    parser.add_argument("entries", nargs="*", metavar="ENTRY")
    parser.add_argument("--cpu-minutes", type=float)
    parser.add_argument("--one", action="store_true", help="print the row of the one entry")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(_row(given.which, given.source, given.entries[0], given.cpu_minutes)))
    else:
        _write_all(given.which, given.source.resolve(), given.entries, given.cpu_minutes)


def _write_all(which: str, source: Path, entries: list[str], cpu_minutes: float | None) -> None:
    name = f"heads-{which}" if cpu_minutes else f"systems-{which}"
    path = RESULTS / f"{name}.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result["machine"] = machine() | {"precision": COMPUTE.precision}
    rows = result.setdefault("systems", {})
    budget = ("--cpu-minutes", str(cpu_minutes)) if cpu_minutes else ()
    for entry in entries or _not_yet(rows, cpu_minutes):
        command = (sys.executable, "-m", "benchmarks.systems", "--one", *budget, which, str(source), entry)
        cost = measure(*command)
        rows[entry] = json.loads(cost.output.splitlines()[-1]) | {"peak_gb": cost.peak_gb}
        print(entry, rows[entry], file=sys.stderr)
        write_result(name, result)
        path.with_suffix(".md").write_text(_tables(which, rows, _not_yet(rows, cpu_minutes)))


def _not_yet(rows: dict[str, Any], cpu_minutes: float | None) -> list[str]:
    entries = HEADS if cpu_minutes else [*read_parameters(ROOT / "params.yaml")["models"], *VARIANTS]
    return [name for name in entries if name not in rows or rows[name].get("cpu_minutes") != cpu_minutes]


def _row(which: str, source: Path, name: str, cpu_minutes: float | None) -> dict[str, Any]:
    """Train an entry or a variant of one; return its scores and costs."""
    entry, model_changes, training_changes = VARIANTS.get(name, (name, {}, {}))
    augmented = {"crops": {"rotate": 180, "scale": CELLS_LARGER_BY[which]}, "grey": {"contrast": 0.3}}
    training = augmented | training_changes
    with tempfile.TemporaryDirectory() as temporary:
        data, annotated = _packed(which, source, Path(temporary)), read_annotated(Path(temporary))
        crops = round(SETS[which]["crops_per_epoch"] * FRACTIONS.get(entry, 1))
        overrides = SETS[which] | {"crops_per_epoch": crops} | OWN.get(entry, {}) | model_changes
        if cpu_minutes:
            crops = crops_within(60 * cpu_minutes, entry, data, COMPUTE, overrides, training)
            overrides |= {"crops_per_epoch": crops}
        model, row = train_entry(entry, data, COMPUTE, overrides, training)
        start = time.process_time()
        test = found(model, data, annotated, "test", COMPUTE)
        seconds = (time.process_time() - start) / len(test.maps)
        chosen = tuned(model, found(model, data, annotated, "val", COMPUTE))
        scores = scored(model, test, data, chosen)
        eight_views = None if isinstance(model, Detector) else _ap50_of_eight_views(model, data, annotated)
    seen = overrides["epochs"] * overrides["crops_per_epoch"]
    costs = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "crops": seen,
        "crop_size": (read_parameters(ROOT / "params.yaml")["models"][entry] | overrides)["crop_size"],
        "crops_per_cpu_s": round(seen / row["cpu_s"], 1),
        "cpu_s": row["cpu_s"],
        "image_cpu_s": round(seconds, 3),
        "cpu_minutes": cpu_minutes,
    }
    types = {name: {"f1_50": own["f1_50"], "ap50": own["ap50"]} for name, own in scores.by_cell_type.items()}
    own = {"ap50_reach": scores.ap50_reach, "ap50_eight_views": eight_views, "by_cell_type": types}
    return {**scores.overall, **costs, **own, **chosen._asdict()}


def _ap50_of_eight_views(model: Model, data: Data, annotated: dict[str, Coco]) -> float:
    """Return AP50 on the test images with `predict.test_time_augmentation`, tuned with it."""
    settings = PredictSettings(test_time_augmentation=True)
    val, test = (found(model, data, annotated, split, COMPUTE, settings) for split in ("val", "test"))
    return scored(model, test, data, tuned(model, val)).overall["ap50"]


def _packed(which: str, source: Path, folder: Path) -> Data:
    if which == "livecell-mini":
        return packed_source("livecell", {"base_url": str(source)}, folder)
    settings: dict[str, Any] = {"images": str(source)}
    if which.startswith("dsb2018"):
        settings |= {"table": str(source / "manifest.csv"), "type_column": "kind"}
    if which == "dsb2018-mini":
        settings["split"] = {"train": 0.6, "val": 0.2, "test": 0.2}
    return packed_source("labels", settings, folder)


def _tables(which: str, systems: dict[str, dict[str, Any]], missing: Sequence[str]) -> str:
    ranked = dict(sorted(systems.items(), key=lambda item: -item[1]["ap50"]))
    names = ("ap50", "ap50_reach", "ap50_eight_views", *SCORES[1:], "dice")
    scores = {name: [_shown(row.get(score)) for score in names] for name, row in ranked.items()}
    columns = list(COSTS.values())[1:]
    costs = {
        name: [f"{row['parameters'] / 1e6:.2f}", *(str(row.get(column, "")) for column in columns)]
        for name, row in ranked.items()
    }
    types = sorted({kind for row in systems.values() for kind in row["by_cell_type"]})
    by_type = {
        name: [f"{row['by_cell_type'][kind]['f1_50']:.3f}" for kind in types] for name, row in ranked.items()
    }
    lines = _table(f"Test images of {which}", [TITLES.get(name, name) for name in names], scores)
    if len(types) > 1:
        lines += _table("F1 at an IoU of 0.5, by type", types, by_type)
    lines += _table("Costs", list(COSTS), costs)
    notes = ["All start from random weights, the detectors too."]
    if not all("ap50_reach" in row for row in systems.values()):
        notes.append("Rows without an interval are of an earlier state of the project.")
    if missing:
        notes.append(f"Not run yet: {'; '.join(missing)}.")
    return "\n".join([*lines, *notes, ""])


def _shown(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"


def _table(title: str, columns: Sequence[str], rows: dict[str, list[str]]) -> list[str]:
    head = [f"# {title}", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    return [*head, *(f"| {name} | {' | '.join(values)} |" for name, values in rows.items()), ""]


if __name__ == "__main__":
    main()
