"""The data stages write the same bytes on every CPU: libraries told to do without its newer instructions."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from tiny_pipeline import ROOT, shrink

STAGES = ("download", "sample", "deduplicate", "masks", "pack", "explore", "baseline")
ONE_PROCESS = """
import runpy, shlex, sys
for command in list(sys.argv[1:]):
    _, _, module, *sys.argv[1:] = shlex.split(command)
    runpy.run_module(module, run_name="__main__")
"""
SEED = 1
"""Some of these cells ended at -0.0 or at 0.0 by numpy's choice of instructions, others by libm's."""
OLD_LIBM_AND_BLAS = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4",
    "OPENBLAS_CORETYPE": "Prescott",
}


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return digests(tmp_path_factory.mktemp("as_it_is"), {})


def digests(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Run the data stages as dvc.yaml has them; return the digest of every file."""
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    shrink(parameters)
    parameters["datasets"]["sample"]["seed"] = SEED
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters))
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    done = subprocess.run(
        [sys.executable, "-c", ONE_PROCESS, *(stages[stage]["cmd"] for stage in STAGES)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOKY_MAX_CPU_COUNT": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_without_the_instructions_that_numpy_chooses_by_the_cpu(as_it_is, tmp_path):
    found = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    if not found:
        pytest.skip("numpy uses no instructions on this CPU that it could do without")
    assert digests(tmp_path, {"NPY_DISABLE_CPU_FEATURES": " ".join(found)}) == as_it_is


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone can be told to leave instructions unused")
def test_without_those_that_libm_and_blas_choose(as_it_is, tmp_path):
    assert digests(tmp_path, OLD_LIBM_AND_BLAS) == as_it_is
