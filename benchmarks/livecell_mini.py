"""The whole pipeline on a dozen real LIVECell images, with the embedded run's parameters.

``python -m benchmarks.livecell_mini FOLDER`` takes a folder laid out like LIVECell's server, clones the
committed state beside it into a temporary folder, and writes benchmarks/results/livecell_mini.json.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ROOT, machine, write_result


def main(source: Path) -> None:
    before = machine()
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name) / "monolayer"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(workspace)], check=True)
        choices = ["dataset=livecell", f"datasets.livecell.base_url={source.resolve()}"]
        flags = [part for choice in choices for part in ("-S", choice)]
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "dvc", "exp", "run", *flags], cwd=workspace, check=True)
        seconds = round(time.perf_counter() - start, 1)
        comparison, cleaning = (
            json.loads((workspace / "metrics" / file).read_text())
            for file in ("comparison.json", "cleaning.json")
        )
    write_result(
        "livecell_mini",
        {"machine": before, "seconds": seconds, "comparison": comparison, "cleaning": cleaning},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
