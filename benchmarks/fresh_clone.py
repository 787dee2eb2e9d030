"""The README's commands on a fresh clone: seconds of installation, `make repro` by stage, and `make test`.

``python -m benchmarks.fresh_clone FOLDER`` clones the committed state into FOLDER, which must not exist, and
writes benchmarks/results/fresh_clone.json; ``FOLDER install test`` measures these steps alone.
"""

import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import RESULTS, ROOT, machine, write_result

STEPS = ("install", "repro", "test")


def main(folder: Path, steps: Sequence[str]) -> None:
    result = {**json.loads((RESULTS / "fresh_clone.json").read_text()), "machine": machine()}
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    for step in steps or STEPS:
        stages: dict[str, float] = {}
        result["seconds"][step] = _time(folder, step, stages)
        if step == "repro":
            kinds: dict[str, float] = defaultdict(float)
            for name, own in stages.items():
                kinds[name.split("@")[0]] = round(kinds[name.split("@")[0]] + own, 1)
            result |= {"repro_by_kind_of_stage": kinds, "repro_by_stage": stages}
        write_result("fresh_clone", result)  # after each step: one that fails leaves the others


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
    main(Path(sys.argv[1]), sys.argv[2:])
