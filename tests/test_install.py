"""``pip install .`` makes the library importable elsewhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import monolayer

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import sys
import monolayer
import numpy as np
print(monolayer.confluence(np.array([[True, False]])), "torch" in sys.modules, monolayer.__file__)
"""


def test_the_library_alone_is_installed(tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(ROOT / "monolayer", source / "monolayer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("stages", "experiments", "benchmarks", "tests"):
        (source / name).mkdir()
    for name in ("pyproject.toml", "README.md", "requirements.in"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", target, source], check=True)
    assert {path.name for path in target.iterdir() if "dist-info" not in path.name} == {"monolayer"}
    installed = {path.relative_to(target) for path in (target / "monolayer").rglob("*.py")}
    assert installed == {path.relative_to(source) for path in (source / "monolayer").rglob("*.py")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == ["0.5", "False", str(target / "monolayer" / "__init__.py")]


def test_what_a_notebook_needs_is_named_and_shown():
    for name in monolayer.__all__:
        assert callable(getattr(monolayer, name))
        assert f"monolayer.{name}(" in monolayer.__doc__
