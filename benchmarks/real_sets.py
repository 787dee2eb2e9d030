"""The whole pipeline on real images, by the README's command: no parameter but the data set differs.

``python -m benchmarks.real_sets livecell-mini|usiigaci-mini|dsb2018-train FOLDER`` clones the committed state
into a temporary folder and writes benchmarks/results/<set>.json, with underscores. The best, median and worst
test image of the model that finds most cells go to docs/pictures. ``-S KEY=VALUE`` is handed on, for a try.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, machine, write_result
from benchmarks.stage_times import stage_times

LABELS = ("dataset=labels", "datasets.labels.images=")
CHOICES = {
    "livecell-mini": ("dataset=livecell", "datasets.livecell.base_url="),
    "usiigaci-mini": LABELS,
    "dsb2018-train": LABELS,
}
"""What is set of params.yaml; the last gets the folder."""
PICTURES = ROOT / "docs" / "pictures"
KEPT = ("images", "cells", "removed", "cleaning", "dataset", "comparison")
"""Files of metrics/ that are written whole, beside the headline of each model."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=CHOICES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-S", dest="tried", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "tried": given.tried}
    dataset, folder = CHOICES[given.which]
    choices = [dataset, f"{folder}{given.folder.resolve()}", *given.tried]
    command = ["dvc", "exp", "run", *(part for choice in choices for part in ("-S", choice))]
    log = ROOT / ".scratch" / f"{given.which}.log"
    log.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name) / "monolayer"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(workspace)], check=True)
        times = stage_times(command, workspace, log, _activated())
        result |= {"seconds": times.total, "seconds_by_kind_of_stage": times.by_kind()}
        result |= {"seconds_by_stage": times.stages, "metrics": _metrics(workspace)}
        _show_best(workspace, result["metrics"]["comparison"]["methods"], given.which)
    write_result(given.which.replace("-", "_"), result)


def _activated() -> dict[str, str]:
    """Return the environment of a shell in which this Python's virtual environment is active."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def _metrics(workspace: Path) -> dict[str, Any]:
    metrics = workspace / "metrics"
    models = json.loads((metrics / "models.json").read_text())["models"]
    return {name: json.loads((metrics / f"{name}.json").read_text()) for name in (*KEPT, *models)}


def _show_best(workspace: Path, methods: dict[str, Any], which: str) -> None:
    """Copy the panels of the model that finds most cells at an IoU of 0.5."""
    models = [name for name, row in methods.items() if row["kind"] == "model"]
    best = max(models, key=lambda name: methods[name]["f1_50"])
    PICTURES.mkdir(exist_ok=True)
    shutil.copy(workspace / "plots/evaluate" / best / "cell_overlays.png", PICTURES / f"{which}.png")
    print(f"{PICTURES / which}.png: {best}", file=sys.stderr)


if __name__ == "__main__":
    main()
