"""All systems of params.yaml on real images: what they find, and what they cost.

``python -m benchmarks.systems livecell-mini|dsb2018-mini FOLDER [ENTRY ...]`` takes a folder laid out like
LIVECell's server, or one of label images with a manifest.csv. After every training it writes
benchmarks/results/systems-<which>.json, and its tables as .md. Each system runs in a process of its own.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, ROOT, machine, measure, write_result
from benchmarks.packed_data import Data, packed_source, read_annotated
from benchmarks.scored import SCORES, found, scored, tuned
from benchmarks.trained import train_entry
from monolayer.compute.accelerator import on_this_machine
from monolayer.compute.settings import ComputeSettings
from monolayer.parameters import read_parameters

COMPUTE = on_this_machine(ComputeSettings(devices=1))
BUDGETS: dict[str, dict[str, Any]] = {
    "livecell-mini": {"epochs": 4, "crops_per_epoch": 4800},
    "dsb2018-mini": {
        "epochs": 4,
        "crops_per_epoch": 2400,
        "crop_size": 160,
        "normalise": {"method": "percentile", "low": 1, "high": 99.8},
    },
}
"""What all entries have otherwise than in params.yaml."""
FRACTIONS = {"vnet": 0.5, "swinunetr": 0.5, "resunet": 0.5, "cellsam": 0.4, "convlstm-unet": 0.25}
"""Of the crops, of systems that would take more than 10 minutes or so with all of them on 2 cores."""
OWN: dict[str, dict[str, Any]] = {
    "maskrcnn": {"crops_per_epoch": 600, "crop_size": 128, "proposals": 2000, "detections": 2000},
}
"""What single entries have otherwise; real images are larger than those that `maskrcnn` is set for."""
CELLS_LARGER_BY = {"livecell-mini": 0.3, "dsb2018-mini": 1.0}
"""At most, and smaller by as much: nuclei of one image may be twice as large as those of another."""
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "maskrcnn, SGD": ("maskrcnn", {"lr": 1e-3}, {"optimizer": "sgd"}),  # the published optimiser and rate
}
"""Rows of their own: the entry, and what its model and its training have otherwise."""
COSTS = ("parameters", "crops_per_s", "image_s", "peak_gb", "training_s")


def main(which: str, source: Path, entries: list[str]) -> None:
    path = RESULTS / f"systems-{which}.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result["machine"] = machine() | {"precision": COMPUTE.precision}
    for entry in entries or (*read_parameters(ROOT / "params.yaml")["models"], *VARIANTS):
        command = (sys.executable, "-m", "benchmarks.systems", "--one", which, str(source.resolve()), entry)
        cost = measure(*command)
        row = json.loads(cost.output.splitlines()[-1]) | {"peak_gb": cost.peak_gb}
        result.setdefault("systems", {})[entry] = row
        print(entry, row, file=sys.stderr)
        write_result(f"systems-{which}", result)
        path.with_suffix(".md").write_text(_tables(which, result["systems"]))


def run_one(which: str, source: Path, name: str) -> None:
    """Train an entry or a variant of one, and print its scores and costs as JSON."""
    entry, model_changes, training_changes = VARIANTS.get(name, (name, {}, {}))
    with tempfile.TemporaryDirectory() as temporary:
        data, annotated = _packed(which, source, Path(temporary)), read_annotated(Path(temporary))
        crops = round(BUDGETS[which]["crops_per_epoch"] * FRACTIONS.get(entry, 1))
        overrides = BUDGETS[which] | {"crops_per_epoch": crops} | OWN.get(entry, {}) | model_changes
        augmented = {
            "crops": {"rotate": 180, "scale": CELLS_LARGER_BY[which]},
            "grey": {"contrast": 0.3},
        }
        model, row = train_entry(entry, data, COMPUTE, overrides, augmented | training_changes)
        start = time.perf_counter()
        test = found(model, data, annotated, "test", COMPUTE)
        seconds = (time.perf_counter() - start) / len(test.maps)
        chosen = tuned(model, found(model, data, annotated, "val", COMPUTE))
        scores = scored(model, test, data, chosen)
    costs = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "crops_per_s": round(overrides["epochs"] * overrides["crops_per_epoch"] / row["seconds"], 1),
        "image_s": round(seconds, 3),
        "training_s": row["seconds"],
    }
    types = {name: {"f1_50": own["f1_50"], "ap50": own["ap50"]} for name, own in scores.by_cell_type.items()}
    print(json.dumps({**scores.overall, **costs, "by_cell_type": types, **chosen._asdict()}))


def _packed(which: str, source: Path, folder: Path) -> Data:
    if which == "livecell-mini":
        return packed_source("livecell", {"base_url": str(source)}, folder)
    settings = {
        "images": str(source),
        "table": str(source / "manifest.csv"),
        "type_column": "kind",
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
    }
    return packed_source("labels", settings, folder)


def _tables(which: str, systems: dict[str, dict[str, Any]]) -> str:
    ranked = dict(sorted(systems.items(), key=lambda item: -item[1]["ap50"]))
    names = (*SCORES, "dice")
    scores = {name: [f"{row[score]:.3f}" for score in names] for name, row in ranked.items()}
    costs = {
        name: [f"{row['parameters'] / 1e6:.2f}", *(str(row[cost]) for cost in COSTS[1:])]
        for name, row in ranked.items()
    }
    types = sorted({kind for row in systems.values() for kind in row["by_cell_type"]})
    by_type = {
        name: [f"{row['by_cell_type'][kind]['f1_50']:.3f}" for kind in types] for name, row in ranked.items()
    }
    return "\n".join(
        [
            *_table(f"Test images of {which}", names, scores),
            *_table("F1 at an IoU of 0.5, by type", types, by_type),
            *_table("Costs", ("parameters, M", "crops/s", "s/image", "peak GB", "training s"), costs),
        ]
    )


def _table(title: str, columns: Sequence[str], rows: dict[str, list[str]]) -> list[str]:
    head = [f"# {title}", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    return [*head, *(f"| {name} | {' | '.join(values)} |" for name, values in rows.items()), ""]


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        run_one(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
