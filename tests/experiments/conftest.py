"""A tiny project as the working folder."""

from pathlib import Path

import pytest
from tiny_dvc_project import write_project

from experiments import repository


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny project, run once and committed."""
    monkeypatch.setenv("PATH", repository._environment()["PATH"])
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    return tmp_path
