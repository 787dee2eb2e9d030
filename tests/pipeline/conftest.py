"""The workspaces that the tests of the pipeline change."""

import os
import shutil

import pytest
from filelock import FileLock
from tiny_pipeline import Workspace, run


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Workspace:
    """A workspace in which everything has run once, and has been pushed to a remote; not to be changed.

    One for all processes of pytest-xdist: whoever comes first makes it.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    root, ready = shared / "made", shared / "made.ready"
    with FileLock(shared / "made.lock"):
        if not ready.exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            workspace = Workspace.made_in(root)
            workspace.dvc("repro")
            workspace.dvc("remote", "add", "-d", "store", str(shared / "store"))
            workspace.dvc("push")
            workspace.commit()
            ready.touch()
    return Workspace(root)


@pytest.fixture
def copy(made, tmp_path) -> Workspace:
    """A copy of it, to be changed at will."""
    shutil.copytree(made.root, tmp_path / "copy", symlinks=True)
    return Workspace(tmp_path / "copy")


@pytest.fixture
def clone(made, tmp_path) -> Workspace:
    """What a stranger has: what Git holds, and the remote."""
    run(tmp_path, "git", "clone", "-q", str(made.root), "clone")
    return Workspace(tmp_path / "clone")
