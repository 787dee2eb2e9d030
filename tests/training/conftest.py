import pytest
from tiny_project import Project


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    """The working directory, with everything that training needs."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)
