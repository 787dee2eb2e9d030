"""A tiny project as the working folder."""

import os
import sys
from pathlib import Path

import pytest
from tiny_dvc_project import write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny project, run once and committed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    return tmp_path
