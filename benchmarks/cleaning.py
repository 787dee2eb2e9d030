"""Precision and recall of the cleaning, for each defect, against the manifest of the embedded data set.

``python -m benchmarks.cleaning`` renders the set, cleans it and writes
benchmarks/results/cleaning.json.
"""

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import machine, measure, write_result
from monolayer.metrics.detection import precision_recall


class Finding(NamedTuple):
    """A row of defects.csv or of removed.csv, as far as they have the same columns."""

    reason: str
    split: str
    image_id: str
    annotation_id: str
    kept_split: str
    kept_image_id: str


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        raw, out = Path(name) / "raw", Path(name) / "clean"
        render = ["--raw", str(raw), "--scratch", f"{name}/scratch"]
        measure(sys.executable, "-m", "stages.download", *render)
        clean = ["--sampled", str(raw / "annotations"), "--images", str(raw / "images")]
        clean += ["--out", str(out), "--metrics", f"{name}/cleaning.json"]
        clean += ["--total-removed", f"{name}/removed.json"]
        cost = measure(sys.executable, "-m", "stages.deduplicate", *clean)
        defects = compare(out / "removed.csv", raw / "defects.csv")
        images = len(list((raw / "images").rglob("*.tif")))
    result = {"machine": machine(), "files": images, "seconds": cost.seconds, "peak_gb": cost.peak_gb}
    write_result("cleaning", {**result, "defects": defects})


def compare(removed: Path, manifest: Path) -> dict[str, Any]:
    """Score the removals of each reason; a row counts only with the right image or annotation kept."""
    found, expected = findings(removed, "reason"), findings(manifest, "defect")
    return {
        reason: precision_recall(
            {finding for finding in found if finding.reason == reason},
            {finding for finding in expected if finding.reason == reason},
        )
        for reason in sorted({finding.reason for finding in found | expected})
    }


def findings(path: Path, column: str) -> set[Finding]:
    """Read a table of removals or of planted defects."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {Finding(row[column], *(row[field] for field in Finding._fields[1:])) for row in rows}


if __name__ == "__main__":
    main()
