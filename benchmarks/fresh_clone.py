"""The README's commands on a fresh clone: seconds of installation, `make repro` by stage, and `make test`.

``python -m benchmarks.fresh_clone FOLDER`` clones the committed state into FOLDER, which must not exist, and
writes benchmarks/results/fresh_clone.json; ``FOLDER install test`` measures these steps alone, and
``--before c7dd5e1 FOLDER install repro`` the same of an earlier state, on the same machine.
"""

import argparse
import json
import subprocess
from pathlib import Path

from benchmarks.measure import RESULTS, ROOT, machine, write_result
from benchmarks.stage_times import stage_times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("steps", nargs="*", default=["install", "repro", "test"])
    parser.add_argument("--before", metavar="REVISION")
    given = parser.parse_args()
    result = {**json.loads((RESULTS / "fresh_clone.json").read_text()), "machine": machine()}
    part = result
    if given.before:
        part = result["before"] = {"revision": given.before}
    subprocess.run(["git", "clone", "-q", str(ROOT), str(given.folder)], check=True)
    subprocess.run(["git", "checkout", "-q", given.before or "HEAD"], cwd=given.folder, check=True)
    for step in given.steps:
        log = given.folder.parent / f"{given.folder.name}-{step}.log"
        times = stage_times(["make", step], given.folder, log)
        part.setdefault("seconds", {})[step] = times.total
        if step == "repro":
            part |= {"repro_by_kind_of_stage": times.by_kind(), "repro_by_stage": times.stages}
        write_result("fresh_clone", result)  # after each step: one that fails leaves the others


if __name__ == "__main__":
    main()
