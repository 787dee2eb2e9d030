"""The README's two commands on a fresh clone: seconds of the installation, `make repro` and `make test`.

``python -m benchmarks.fresh_clone FOLDER`` clones the committed state into FOLDER, which must not exist, and
writes benchmarks/results/fresh_clone.json.
"""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import ROOT, machine, write_result


def main(folder: Path) -> None:
    start = machine()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    seconds = {step: _time(folder, step) for step in ("install", "repro", "test")}
    write_result("fresh_clone", {"machine": start, "seconds": seconds})


def _time(folder: Path, target: str) -> float:
    start = time.perf_counter()
    with (folder.parent / f"{folder.name}-{target}.log").open("w") as log:
        subprocess.run(["make", target], cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=True)
    return round(time.perf_counter() - start, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
