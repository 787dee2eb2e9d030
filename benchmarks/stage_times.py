"""Run a command that calls DVC, and take the seconds of each stage that it runs."""

import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class StageTimes(NamedTuple):
    """What a command took, in seconds."""

    total: float
    stages: dict[str, float]
    """By the stage's name; what DVC does after a stage, such as storing its outs, counts with it."""

    def by_kind(self) -> dict[str, float]:
        """Sum over the models: ``train@vnet`` and ``train@resunet`` are ``train``."""
        kinds: dict[str, float] = defaultdict(float)
        for name, own in self.stages.items():
            kinds[name.split("@")[0]] = round(kinds[name.split("@")[0]] + own, 1)
        return dict(kinds)


def stage_times(
    command: Sequence[str], folder: Path, log: Path, env: dict[str, str] | None = None
) -> StageTimes:
    """Run a command in a folder; what it prints goes to `log`, and a failing command is an error."""
    stages: dict[str, float] = {}
    begun = last = time.perf_counter()
    name = ""
    with log.open("w", buffering=1) as written:  # line by line: it can be followed
        run = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert run.stdout is not None  # it is piped
        for line in run.stdout:
            written.write(line)
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
    return StageTimes(round(ended - begun, 1), stages)
