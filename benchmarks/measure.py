"""Run a command in processes of its own; take its time and its peak memory."""

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
INTERVAL, FRACTION = 0.1, 0.02
"""Seconds between two looks at the memory, but so many that looking takes this fraction of a core at most."""


class Cost(NamedTuple):
    """What a command took."""

    seconds: float
    peak_gb: float
    """Peak of the resident memory of the process and its children together, shared pages once, 1e9 bytes."""
    output: str


def measure(*command: str, cwd: Path = ROOT) -> Cost:
    """Run a command to its end and measure it; a failing command is an error."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)
    watched = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        looked = time.perf_counter()
        peak = max(peak, _resident(watched, peak))
        with contextlib.suppress(subprocess.TimeoutExpired):  # an end is seen at once
            process.wait(max(INTERVAL, (time.perf_counter() - looked) / FRACTION))
    seconds = time.perf_counter() - start
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{output}")
    return Cost(round(seconds, 2), round(peak / 1e9, 3), output)


def measure_python(code: str, *arguments: str, cwd: Path = ROOT) -> Cost:
    """Measure a fresh Python process that runs `code`."""
    return measure(sys.executable, "-c", code, *arguments, cwd=cwd)


def _resident(process: psutil.Process, peak: int) -> int:
    """Return the resident bytes of a process and its children, or 0 where they cannot exceed the peak."""
    try:
        members = [process, *process.children(recursive=True)]
        if sum(member.memory_info().rss for member in members) <= peak:
            return 0
        # A child shares the pages of its parent until it runs its own program: they count once.
        return sum(member.memory_full_info().pss for member in members)
    except psutil.NoSuchProcess:  # it ended between the listing and the reading
        return 0


def machine() -> dict[str, Any]:
    """Say where a result was measured."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def cpu_name() -> str:
    """Return what the system calls the processor, and which instructions for bfloat16 it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # Linux alone has it
        return platform.processor()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    family = f"{facts.get('model name')}, family {facts.get('cpu family')}, model {facts.get('model')}"
    flags = facts.get("flags", "").split()
    return ", ".join([family, *(flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags)])


def write_result(name: str, result: dict[str, Any]) -> None:
    """Write benchmarks/results/<name>.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"wrote {path.relative_to(ROOT)}")
