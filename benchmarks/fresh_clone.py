"""The README's commands on a fresh clone: seconds of installation, `make repro` by stage, and `make test`.

``python -m benchmarks.fresh_clone FOLDER`` clones the committed state into FOLDER, which must not exist, and
writes benchmarks/results/fresh_clone.json; ``FOLDER install test`` measures these steps alone, and
``--before c7dd5e1 FOLDER install repro`` the same of an earlier state, on the same machine.
"""

import argparse
import json
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, ROOT, machine, write_result


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
        stages: dict[str, float] = {}
        part.setdefault("seconds", {})[step] = _time(given.folder, step, stages)
        if step == "repro":
            part |= _by_stage(stages)
        write_result("fresh_clone", result)  # after each step: one that fails leaves the others


def _by_stage(stages: dict[str, float]) -> dict[str, Any]:
    kinds: dict[str, float] = defaultdict(float)
    for name, own in stages.items():
        kinds[name.split("@")[0]] = round(kinds[name.split("@")[0]] + own, 1)
    return {"repro_by_kind_of_stage": kinds, "repro_by_stage": stages}


def _time(folder: Path, target: str, stages: dict[str, float]) -> float:
    """Return the seconds of a target of make; those of the stages that it runs go to `stages`."""
    begun = last = time.perf_counter()
    name = ""
    with (folder.parent / f"{folder.name}-{target}.log").open("w") as log:
        command = ["make", target]
        run = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert run.stdout is not None  # it is piped
        for line in run.stdout:
            log.write(line)
            if started := re.match(r"Running stage '(.*)'", line):
                now = time.perf_counter()
                if name:
                    stages[name] = round(now - last, 1)
                name, last = started[1], now
    ended = time.perf_counter()
    if name:
        stages[name] = round(ended - last, 1)
    if run.wait():
        raise subprocess.CalledProcessError(run.returncode, command)
    return round(ended - begun, 1)


if __name__ == "__main__":
    main()
